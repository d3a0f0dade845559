"""Doors whose grants open a lock, and people who come to them."""

import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import httpx

from tests.api.support import files, made, ok
from tests.support.locks import Lock, Mood
from tests.support.pictures import picture
from tests.support.server import ServerProcess

HQ: Final = "/collections/hq"
TTL: Final = 3.0
"""Seconds for which a grant holds: a call is cut after one, so what comes after three is no matter
of a busy machine.
"""
MOODS: Final[tuple[Mood, ...]] = ("well", "slow", "breaks_off", "refuses", "well")
_ACTION: Final[dict[str, Any]] = {
    "kind": "http",
    "body": '{"event_id":"{{decision.event_id}}","valid_until":"{{decision.valid_until}}"}',
    "timeout_ms": 1000,
}
_STRANGER: Final = 10_000


def make_site(admin: httpx.Client, lock: Lock, people: int, **modes: str) -> None:
    """The front door and others of these modes: everybody may pass, again and again, and an action
    opens the lock.
    """
    made(admin.post("/collections", json={"id": "hq", "lookalikes": "off"}))
    for each in range(people):
        photos = files(*(picture(each, shake) for shake in (1, 2)))
        made(admin.post(f"{HQ}/persons", data={"id": f"p{each}"}, files=photos))
    for door, mode in ({"front": "advise"} | modes).items():
        new = {"id": door, "mode": mode, "grant_ttl_ms": int(TTL * 1000), "cooldown_ms": 0}
        made(admin.post(f"{HQ}/doors", json=new | {"unknown_after_ms": 0}))
        ok(admin.put(f"{HQ}/doors/{door}/actions/unlock", json=_ACTION | {"url": lock.url}))


class Visitors:
    """People who come to a door one after the other, while others come to other doors. Each asks
    until there is an answer, whatever happens to the server.

    ``answers`` are the decisions at ``door``, and ``lost`` counts requests that got none.
    """

    def __init__(self, running: ServerProcess, door: str, *, claims: bool = False) -> None:
        """With ``claims`` everybody says who they are: it is a door in mode verify."""
        self.answers: list[dict[str, Any]] = []
        self.lost = 0
        self.door = door
        self._running = running
        self._path = f"/doors/{door}/decisions"
        self._claims = claims

    def come(self, count: int, passing: Sequence[int]) -> threading.Thread:
        """Let this many come: those of ``passing``, and between them strangers, who may not pass.
        The thread ends once all have their answers.
        """
        rng = random.Random(f"{self._path} {len(self.answers)}")  # noqa: S311 - not for secrets
        places = dict(zip(sorted(rng.sample(range(count), len(passing))), passing, strict=True))
        people = deque(places.get(each) for each in range(count))
        thread = threading.Thread(target=self._come, args=(people,), daemon=True)
        thread.start()
        return thread

    def _come(self, people: deque[int | None]) -> None:
        while people:
            try:
                with self._running.client() as client:
                    while people:
                        self.answers.append(self._asked(client, people[0]))
                        people.popleft()
            except httpx.ConnectError:
                time.sleep(0.1)
            except httpx.TransportError:
                self.lost += 1

    def _asked(self, client: httpx.Client, somebody: int | None) -> dict[str, Any]:
        shake = 10 + 3 * len(self.answers)
        face = _STRANGER if somebody is None else somebody
        frames = files(*(picture(face, shake + each) for each in range(3)))
        claim = {"person_id": f"p{somebody or 0}"} if self._claims else {}
        return ok(client.post(self._path, files=frames, data=claim))
