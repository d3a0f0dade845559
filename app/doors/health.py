"""The health of doors: what the client of each last reported, and whether it still reports.

The service asks no camera. A change of the state is an event; a report that says the same again is
one statement, and leaves no record. A door has one such event at most in the time from one report
to the next: else a camera that comes and goes would hold up the door's decisions, whose events are
in the same order. What changes more often is kept, and the newest state has its event afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.access.models import DoorHealth
from app.core.clock import Clock
from app.core.db import Database
from app.core.trying import each_of
from app.doors import health_repository
from app.doors.door_repository import FoundDoor
from app.doors.health_schemas import HealthReport, HealthTaken
from app.errors import NotFound
from app.trail.events import Draft, source_in
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
        self._between = timedelta(seconds=self._next)

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
                if health.state != report.state:
                    health.state, health.since = report.state, now
                health.reported_at, health.detail = now, report.detail
                session.add(health)
                self._publish(session, place, health, now)
        return HealthTaken(state=report.state, next_in_s=self._next)

    def look(self) -> None:
        """Let each door be ``silent`` whose client has not reported for too long, and make the
        events that had to wait: a job.
        """
        now = self._clock.now()
        before, due = now - self._silent_after, now - self._between
        with self._database.read() as session:
            ahead = health_repository.is_ahead(session, now)
            found = health_repository.waiting(session, quiet=before, published=due)
        if ahead:
            with self._database.write() as session:
                health_repository.set_back(session, now)
        places = (
            _Place(key, door_id, OwnerThen(collection_key, collection_id))
            for key, door_id, collection_key, collection_id in found
        )
        each_of(places, lambda place: self._look_at(place, before, now))

    def _look_at(self, place: _Place, before: datetime, now: datetime) -> None:
        with self._database.write() as session:
            health = health_repository.hold(session, place.key)
            if health is None or not health.state:
                return  # the door is gone, or another of its id is there
            # It may have reported in between, or another replica was faster.
            if health.reported_at < before and health.state != "silent":
                health.state, health.since, health.detail = "silent", now, None
            self._publish(session, place, health, now)

    def _publish(self, session: Session, place: _Place, health: DoorHealth, now: datetime) -> None:
        """Make the event of a state that has none yet, unless the last was a moment ago."""
        if health.state == health.published:
            return
        if health.published_at is not None and now < health.published_at + self._between:
            return
        data = {
            "collection_id": place.owner.id,
            "door_id": place.id,
            "state": health.state,
            "former_state": health.published or "unknown",
            "detail": health.detail,
        }
        health.published, health.published_at = health.state, now
        source = source_in(place.owner.id, "door", place.id)
        publish(session, place.owner, Draft("door.health", source, place.id, now, data))
