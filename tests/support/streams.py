"""Reading streams of events."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

import httpx

from tests.support.server import ADMIN_KEY

STREAM: Final = "/events/stream"


@contextmanager
def stream(
    client: httpx.Client, last: str | None = None, key: str = ADMIN_KEY, **query: str
) -> Iterator["Reader"]:
    """An open stream, once the server has said so."""
    headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": last} if last else {})
    with client.stream("GET", STREAM, params=query, headers=headers) as answer:
        if answer.status_code == 200:
            assert answer.headers["content-type"].startswith("text/event-stream")
            reader = Reader(answer.iter_lines(), last)
            if ": open" not in next(reader.blocks, []):
                raise NotOpen
            yield reader
        else:
            answer.read()
            raise NotOpen(f"{answer.status_code} {answer.text}")


class NotOpen(AssertionError):
    """The server did not open a stream."""


class Reader:
    """The parts of a stream, and of them the events, in the order in which they come. ``last`` is
    the id with which to come back.
    """

    def __init__(self, lines: Iterator[str], last: str | None = None) -> None:
        self.blocks = self._blocks(lines)
        self.last = last

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The next events, until the stream ends."""
        return filter(None, map(_event, self.blocks))

    def _blocks(self, lines: Iterator[str]) -> Iterator[list[str]]:
        block: list[str] = []
        for line in lines:
            if line:
                block.append(line)
            elif block:
                self.last = _id(block) or self.last
                yield block
                block = []

    def events(self, count: int | None = None) -> list[dict[str, Any]]:
        """The next events, or all until the stream ends."""
        found = list(islice(self, count))
        assert count is None or len(found) == count, found
        return found


def _id(block: list[str]) -> str | None:
    return next((line.removeprefix("id: ") for line in block if line.startswith("id: ")), None)


def _event(block: list[str]) -> dict[str, Any] | None:
    """The event of a part; None where it has none."""
    data = [line.removeprefix("data: ") for line in block if line.startswith("data: ")]
    if not data:
        return None
    event: dict[str, Any] = json.loads("\n".join(data))
    assert _id(block) == event["id"]
    return event


class Follower(threading.Thread):
    """A client that reads a stream from now on, and goes on after each break where it was, also
    where it has had no event yet: ``events`` are what it has, and ``breaks`` says how each stream
    ended. ``client`` gives a client of the server as it is now.
    """

    def __init__(self, client: Callable[[], httpx.Client]) -> None:
        super().__init__(daemon=True)
        self.events: list[dict[str, Any]] = []
        self.breaks: list[str] = []
        self.is_open = threading.Event()
        self._client = client
        self._last: str | None = None
        self._ending = threading.Event()

    def end(self) -> None:
        """Read no more, once the stream in hand ends."""
        self._ending.set()

    def run(self) -> None:
        while not self._ending.is_set():
            try:
                self._follow()
                self.breaks.append("the server ended it")
            except (httpx.TransportError, NotOpen) as error:
                self.breaks.append(repr(error))
            self._ending.wait(0.1)

    def _follow(self) -> None:
        with self._client() as client, stream(client, self._last) as reader:
            self._last = reader.last
            self.is_open.set()
            for event in reader:
                self.events.append(event)
                self._last = reader.last
