"""The health of doors: what the client of each last reported, and whether it still reports.

The service asks no camera. A change of the state is an event; a report that says the same again is
one statement, and leaves no record.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.access.models import DoorHealth
from app.core.clock import Clock
from app.core.db import Database
from app.doors import health_repository
from app.doors.door_repository import FoundDoor
from app.doors.health_schemas import HealthReport, HealthTaken
from app.errors import NotFound
from app.trail.events import Draft, source_in
from app.trail.health_data import HealthName
from app.trail.recording import OwnerThen, publish

_REPORTS: Final = 3
"""Reports in the time after which a door counts as silent, so that one may be lost."""


@dataclass(frozen=True, slots=True)
class _Place:
    key: int
    id: str
    owner: OwnerThen


class DoorHealthService:
    """Takes reports, and finds doors that have none for ``silent_after`` seconds. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, *, silent_after: int) -> None:
        self._database = database
        self._clock = clock
        self._silent_after = timedelta(seconds=silent_after)
        self._next = max(1, silent_after // _REPORTS)

    def report(self, door: FoundDoor, report: HealthReport) -> HealthTaken:
        """Keep what the client of a door says; ``NotFound`` where the door is no more."""
        now = self._clock.now()
        with self._database.write() as session:
            if not health_repository.still(session, door.key, report.state, report.detail, now):
                place = _Place(
                    door.key, door.id, OwnerThen(door.collection_key, door.collection_id)
                )
                health = health_repository.hold(session, door.key)
                if health is None:
                    raise NotFound(f"The door {door.id!r} was deleted while this request ran.")
                health.reported_at = now
                self._change(session, place, health, report.state, report.detail)
        return HealthTaken(state=report.state, next_in_s=self._next)

    def find_silent(self) -> None:
        """Let each door be ``silent`` whose client has not reported for too long: a job."""
        before = self._clock.now() - self._silent_after
        with self._database.read() as session:
            found = health_repository.quiet(session, before)
        for key, door_id, collection_key, collection_id in found:
            place = _Place(key, door_id, OwnerThen(collection_key, collection_id))
            with self._database.write() as session:
                health = health_repository.hold(session, key)
                # It may have reported in between, or another replica was faster.
                if health is not None and health.state and health.reported_at < before:
                    self._change(session, place, health, "silent", None)

    def _change(
        self,
        session: Session,
        place: _Place,
        health: DoorHealth,
        state: HealthName,
        detail: str | None,
    ) -> None:
        former = health.state or "unknown"
        health.detail = detail
        if state != former:
            now = self._clock.now()
            health.state, health.since = state, now
            data = {
                "collection_id": place.owner.id,
                "door_id": place.id,
                "state": state,
                "former_state": former,
                "detail": detail,
            }
            source = source_in(place.owner.id, "door", place.id)
            publish(session, place.owner, Draft("door.health", source, place.id, now, data))
        session.add(health)
