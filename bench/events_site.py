"""A door whose grants open a lock, and people who pass it, for ``bench.events``."""

import time
from typing import Final

from app.access.door_schemas import NewDoor
from app.actions.schemas import ActionFields
from app.auth.principal import INSIDE
from app.bootstrap import Container
from app.doors.answers import DoorAnswer
from app.doors.schemas import DecisionOptions
from app.receipts.keeping import keep_nothing
from app.webhooks.schemas import NewWebhook
from bench.events_ends import Ends
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection

_HQ: Final = "hq"
_PEOPLE: Final = 300
_PAUSE: Final = 0.02
_TTL: Final = 2.0
"""Seconds for which a grant holds; until then a person gets no new one."""
_DOOR: Final = {
    "id": "front",
    "mode": "advise",
    "cooldown_ms": 0,
    "grant_ttl_ms": round(1000 * _TTL),
    "frames": {"min_used": 1},
}
_LOCK: Final = {
    "kind": "http",
    "body": '{"event_id":"{{decision.event_id}}","valid_until":"{{decision.valid_until}}"}',
    "timeout_ms": 1000,
}


def fill(container: Container, far: Ends, *, channels: bool) -> None:
    """Make the door, the people and the lock; with ``channels`` a webhook and MQTT too."""
    services = container.services
    make_collection(container, _HQ, lookalikes="off")
    for each in range(_PEOPLE):
        enrol(container, f"p{each}", each, _HQ)
    services.doors.create(_HQ, NewDoor.model_validate(_DOOR), keep_nothing)
    lock = ActionFields.model_validate(_LOCK | {"url": far.url("open")})
    services.actions.put(_HQ, "front", "unlock", lock)
    if channels:
        new = {"url": far.url("hook"), "secrets": ["KITH_SECRET_HOOK"]}
        new |= {"types": ["door.decision", "door.action"]}
        services.webhooks.endpoints.create(NewWebhook.model_validate(new), INSIDE, keep_nothing)
        container.publish()


class Visitors:
    """People who pass the door, each as soon as no grant of theirs holds."""

    def __init__(self, container: Container) -> None:
        self._service = container.services.door_decisions
        self._door = self._service.find(INSIDE, "front")
        self._images = [picture(each, 5) for each in range(_PEOPLE)]
        self._free = dict.fromkeys(
            (each for each in range(_PEOPLE) if self._decided(each, dry_run=True)), 0.0
        )
        self.newest = container.services.audit.events.newest

    def pass_(self) -> tuple[float, float]:
        """The seconds of a decision that grants, and those of processor of its thread."""
        somebody = min(self._free, key=self._free.__getitem__)
        time.sleep(max(_PAUSE, self._free[somebody] - time.monotonic()))
        began, own = time.perf_counter(), time.thread_time()
        granted = self._decided(somebody)
        own = time.thread_time() - own
        seconds = time.perf_counter() - began
        if not granted:
            raise RuntimeError("no new grant")
        self._free[somebody] = time.monotonic() + _TTL
        return seconds, own

    def _decided(self, somebody: int, *, dry_run: bool = False) -> bool:
        options = DecisionOptions(dry_run=dry_run)
        answer = self._service.decide(
            self._door, [self._images[somebody]], options, caller=INSIDE, request_id="r"
        )
        if not isinstance(answer, DoorAnswer):
            return False
        concluded = answer.concluded
        return concluded.decision.reason == "granted" and not concluded.suppressed
