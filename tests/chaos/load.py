"""Clients that enrol, remove and look for people without pause, and keep what they were told."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import httpx

from tests.chaos.history import Effect, Operation, linearizable, unanswered
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

COLLECTION: Final = "doors"
_PATH: Final = f"/v1/collections/{COLLECTION}"
_Act = Callable[[httpx.Client, str, int], Effect]
_PAUSE: Final = 0.05  # after a failure: a service that is down is not asked ten thousand times


class Load:
    """``clients`` threads on ``people`` shared people, through the servers at ``urls``.

    Each person is one picture, so an identification of that picture reads whether they are
    enrolled. A read goes to another server than the client's last write, where there are several.
    ``history`` holds, for each person, what every client was told; ``wrong`` what no client of a
    working service should be told; ``refused`` counts 503s and broken connections.
    """

    def __init__(self, urls: Sequence[str], *, clients: int, people: int, seed: int = 0) -> None:
        self.urls = list(urls)  # a test may change them while a server restarts elsewhere
        self.history: dict[int, list[Operation]] = defaultdict(list)
        self.wrong: list[str] = []
        self.refused = 0
        self.answered = 0
        self._people = people
        self._stop = threading.Event()
        self._limit = 0
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed}-{i}"),), daemon=True)  # noqa: S311 - not for secrets
            for i in range(clients)
        ]

    def start(self, *, operations: int = 10**9) -> "Load":
        """Begin; it ends by itself after so many answered operations."""
        self._limit = operations
        for thread in self._threads:
            thread.start()
        return self

    def join(self, seconds: float) -> None:
        """Wait until it ended by itself."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), f"{self.answered} of {self._limit} operations"

    def stop(self) -> None:
        """End now."""
        self._stop.set()
        self.join(120)

    def explained(self) -> list[int]:
        """The people whose history no single gallery explains: none, it is hoped."""
        return [who for who, told in self.history.items() if not linearizable(told)]

    def _run(self, rng: random.Random) -> None:
        written = -1
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        with httpx.Client(headers=headers, timeout=60) as http:
            while not self._stop.is_set() and self.answered < self._limit:
                who = 1 + rng.randrange(self._people)
                act = rng.choice((self._enrol, self._remove, self._look, self._look))
                others = [i for i in range(len(self.urls)) if i != written or len(self.urls) == 1]
                server = rng.choice(others)
                if act != self._look:
                    written = server
                self._once(act, http, server, who)

    def _once(self, act: _Act, http: httpx.Client, server: int, who: int) -> None:
        called = time.monotonic()
        try:
            effect = act(http, self.urls[server], who)
        except (httpx.TransportError, _Refused):
            with self._lock:
                self.refused += 1
                if act != self._look:
                    hoped = Effect.ENROLLED if act == self._enrol else Effect.REMOVED
                    self.history[who].append(unanswered(called, hoped))
            time.sleep(_PAUSE)
            return
        except _Wrong as wrong:
            self.wrong.append(str(wrong))
            self._stop.set()
            return
        with self._lock:
            self.answered += 1
            self.history[who].append(Operation(called, time.monotonic(), effect))

    def _enrol(self, http: httpx.Client, url: str, who: int) -> Effect:
        files = {"images": (f"{who}.png", picture(who))}
        answer = http.post(f"{url}{_PATH}/persons", data={"id": f"p{who}"}, files=files)
        return _effect(answer, {201: Effect.ENROLLED, 409: Effect.SEEN})

    def _remove(self, http: httpx.Client, url: str, who: int) -> Effect:
        answer = http.delete(f"{url}{_PATH}/persons/p{who}")
        return _effect(answer, {204: Effect.REMOVED, 404: Effect.UNSEEN})

    def _look(self, http: httpx.Client, url: str, who: int) -> Effect:
        files = {"image": (f"{who}.png", picture(who))}
        answer = http.post(f"{url}{_PATH}/identify", data={"max_candidates": "100"}, files=files)
        _effect(answer, {200: Effect.SEEN})
        (face,) = answer.json()["faces"]
        there = f"p{who}" in {each["person_id"] for each in face["candidates"]}
        return Effect.SEEN if there else Effect.UNSEEN


class _Refused(Exception):
    """503: the service says that it cannot answer now."""


class _Wrong(Exception):
    """What no client of a working service is told."""


def _effect(answer: httpx.Response, meaning: dict[int, Effect]) -> Effect:
    if answer.status_code == 503 and "retry-after" in answer.headers:
        raise _Refused
    if answer.status_code not in meaning:
        raise _Wrong(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    return meaning[answer.status_code]
