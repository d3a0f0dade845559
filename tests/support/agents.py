"""``kith door`` in a process of its own, at the door of a real service."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.pictures import picture
from tests.support.server import ServerProcess

COMMAND: Final = [sys.executable, "-c", "from app.cli import main; main()", "door"]
ADA, BOB = 1, 2
_SECONDS: Final = 60


def environment(**settings: str) -> dict[str, str]:
    """Without a setting of Kith's but these."""
    return {n: v for n, v in os.environ.items() if not n.startswith("KITH_")} | settings


def make_door(admin: httpx.Client, at: str = "hq", **door: object) -> tuple[str, str]:
    """The door ``front`` of a collection, at which Ada is known. Gives a key, and the key's id."""
    made = [
        admin.post("/collections", json={"id": at}),
        admin.post(f"/collections/{at}/doors", json={"id": "front", "cooldown_ms": 0, **door}),
        admin.post(
            f"/collections/{at}/persons",
            data={"id": "ada"},
            files=[("images", picture(ADA, shake)) for shake in (1, 2, 3)],
        ),
        admin.post("/keys", json={"scopes": ["door"], "collections": [at], "doors": ["front"]}),
    ]
    for each in made:
        assert each.status_code == 201, each.text
    return made[-1].json()["key"], made[-1].json()["id"]


class RunningAgent:
    """One that runs; what it prints is read as it comes."""

    def __init__(self, *arguments: object, key: str, url: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--door", "front", "--json", *map(str, arguments)],
            env=environment(KITH_KEY=key, KITH_URL=url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._lines = threading.Condition()
        self._readers = [
            threading.Thread(target=each, daemon=True) for each in (self._read, self._listen)
        ]
        for each in self._readers:
            each.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._answers.put(json.loads(line))

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._lines:
                self.said.append(line.rstrip())
                self._lines.notify_all()

    def answer(self) -> dict[str, Any]:
        """The next decision that it prints."""
        try:
            return self._answers.get(timeout=_SECONDS)
        except queue.Empty:
            raise AssertionError(f"no decision; it said {self.said}") from None

    def has_answered(self) -> bool:
        """Whether it printed a decision that was not asked for yet."""
        return not self._answers.empty()

    def forget(self) -> None:
        """Pass over the decisions until now."""
        while self.has_answered():
            self._answers.get()

    def says(self, words: str) -> None:
        """Wait until it says so."""
        with self._lines:
            there = self._lines.wait_for(
                lambda: any(words in line for line in self.said), timeout=_SECONDS
            )
        assert there, f"it did not say {words!r} but {self.said}"

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Its exit status after this signal."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Its exit status, once it ends by itself."""
        status = self.process.wait(_SECONDS)
        for each in self._readers:
            each.join(_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return status


@contextmanager
def agent(*arguments: object, key: str, server: ServerProcess) -> Iterator[RunningAgent]:
    """One that runs until the block ends."""
    running = RunningAgent(*arguments, key=key, url=server.url)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.ended()


def drop(folder: Path, somebody: int, *, first: int = 20, count: int = 3) -> None:
    """Pictures of somebody, as a camera drops them. They come together: on a busy machine a look at
    the folder between two of them would make a burst of a part.
    """
    parts = [folder / f"{somebody}-{shake}.part" for shake in range(first, first + count)]
    for shake, part in enumerate(parts, first):
        part.write_bytes(picture(somebody, shake))
    for part in parts:
        part.replace(part.with_suffix(".png"))
