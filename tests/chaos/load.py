"""Clients that enrol, remove and look for people without pause, and keep their answers."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import httpx

from tests.chaos.history import Effect, Operation, linearizable, unanswered
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

COLLECTION: Final = "doors"
_PATH: Final = f"/v1/collections/{COLLECTION}"
_Act = Callable[[httpx.Client, str, int], Effect]
_PAUSE: Final = 0.05  # after a failure: a service that is down is not asked ten thousand times
_NOTHING_WRITTEN: Final = "nothing was written"
_picture = cache(picture)


class Load:
    """``clients`` threads on ``people`` shared people, through the servers at ``urls``.

    Each person is one picture, so an identification of that picture reads whether they are
    enrolled. A read goes to another server than the client's last write, where there are several.
    ``history`` holds, for each person, the answers to all clients; ``wrong`` those that no client
    of a working service should get. ``said`` counts the reasons that 503s gave, and ``broken``, by
    the server's place in ``urls``, the requests not answered within ``seconds`` or at all.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        clients: int,
        people: int,
        seed: int = 0,
        seconds: float = 60,
    ) -> None:
        self.urls = list(urls)  # a test may change them while a server restarts elsewhere
        self.history: dict[int, list[Operation]] = defaultdict(list)
        self.wrong: list[str] = []
        self.said: Counter[str] = Counter()
        self.broken: Counter[int] = Counter()
        self.answered = 0
        self._people = people
        self._seconds = seconds
        self._by_server: Counter[int] = Counter()
        self._stop = threading.Event()
        self._limit = 0
        self._lock = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed}-{i}"),), daemon=True)  # noqa: S311 - not for secrets
            for i in range(clients)
        ]

    @property
    def refused(self) -> int:
        """503s and broken connections."""
        return self.said.total() + self.broken.total()

    def start(self, *, operations: int = 10**9) -> "Load":
        """Begin; it ends by itself after this many answered operations."""
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

    def more(self, operations: int, seconds: float = 60) -> None:
        """Wait until every server answered this many more."""
        servers = range(len(self.urls))
        with self._lock:
            wanted = {each: self._by_server[each] + operations for each in servers}
            self._lock.wait_for(
                lambda: (
                    self.wrong or all(self._by_server[each] >= wanted[each] for each in servers)
                ),
                seconds,
            )
            assert self.wrong == []
            assert all(self._by_server[each] >= wanted[each] for each in servers), (
                f"{self._by_server} answered, {wanted} wanted; {self.said}, {self.broken}"
            )

    def look_at_everybody(self) -> None:
        """One identification of each person at each server: how it ends is history too."""
        with self._client() as http:
            for who in range(1, self._people + 1):
                for server in range(len(self.urls)):
                    self._once(self._look, http, server, who)

    def explained(self) -> list[int]:
        """The people whose history no single gallery explains: none, it is hoped."""
        return [who for who, answers in self.history.items() if not linearizable(answers)]

    def _client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        return httpx.Client(headers=headers, timeout=self._seconds)

    def _run(self, rng: random.Random) -> None:
        written = -1
        with self._client() as http:
            while not self._stop.is_set() and self.answered < self._limit:
                who = 1 + rng.randrange(self._people)
                act = rng.choice((self._enrol, self._remove, self._look, self._look))
                others = [i for i in range(len(self.urls)) if i != written or len(self.urls) == 1]
                server = rng.choice(others)
                if act != self._look:
                    written = server
                if not self._once(act, http, server, who):
                    self._stop.wait(_PAUSE)

    def _once(self, act: _Act, http: httpx.Client, server: int, who: int) -> bool:
        """Whether it was answered."""
        called = time.monotonic()
        try:
            effect = act(http, self.urls[server], who)
        except _Refused as refused:
            with self._lock:
                self.said[refused.detail] += 1
                if _NOTHING_WRITTEN not in refused.detail:
                    self._unanswered(called, act, who)
            return False
        except httpx.TransportError as error:
            with self._lock:
                self.broken[server] += 1
                if not isinstance(error, httpx.ConnectError):
                    self._unanswered(called, act, who)
            return False
        except _Wrong as wrong:
            with self._lock:
                self.wrong.append(str(wrong))
                self._lock.notify_all()
            self._stop.set()
            return False
        with self._lock:
            self.answered += 1
            self._by_server[server] += 1
            self.history[who].append(Operation(called, time.monotonic(), effect))
            self._lock.notify_all()
        return True

    def _unanswered(self, called: float, act: _Act, who: int) -> None:
        """A write that may have happened for all that its client knows."""
        if act != self._look:
            hoped = Effect.ENROLLED if act == self._enrol else Effect.REMOVED
            self.history[who].append(unanswered(called, hoped))

    def _enrol(self, http: httpx.Client, url: str, who: int) -> Effect:
        files = {"images": (f"{who}.png", _picture(who))}
        answer = http.post(f"{url}{_PATH}/persons", data={"id": f"p{who}"}, files=files)
        return _effect(answer, {201: Effect.ENROLLED, 409: Effect.SEEN})

    def _remove(self, http: httpx.Client, url: str, who: int) -> Effect:
        answer = http.delete(f"{url}{_PATH}/persons/p{who}")
        return _effect(answer, {204: Effect.REMOVED, 404: Effect.UNSEEN})

    def _look(self, http: httpx.Client, url: str, who: int) -> Effect:
        files = {"image": (f"{who}.png", _picture(who))}
        answer = http.post(f"{url}{_PATH}/identify", data={"max_candidates": "100"}, files=files)
        _effect(answer, {200: Effect.SEEN})
        (face,) = answer.json()["faces"]
        there = f"p{who}" in {each["person_id"] for each in face["candidates"]}
        return Effect.SEEN if there else Effect.UNSEEN


class _Refused(Exception):
    """503: the service says that it cannot answer now, and why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class _Wrong(Exception):
    """An answer that no client of a working service gets."""


def _effect(answer: httpx.Response, meaning: dict[int, Effect]) -> Effect:
    if answer.status_code == 503 and "retry-after" in answer.headers:
        raise _Refused(answer.json()["detail"])
    if answer.status_code not in meaning:
        raise _Wrong(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    return meaning[answer.status_code]
