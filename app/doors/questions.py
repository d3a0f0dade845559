"""Answers questions about doors without an image: who may pass when, how past decisions would
change at another target, and whether a camera sees as well as before.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app.access.policy.values import Mode
from app.access.policy_repository import Policies
from app.auth.principal import INSIDE
from app.core.clock import Clock
from app.core.db import Database
from app.core.reports import OneEach
from app.doors.door_repository import FoundDoor, find_door, policy_now
from app.doors.drift import NOW_DAYS, PAST_DAYS, Drift, Outline, Seen, drift, looked_into
from app.doors.explain import Explained, explain
from app.doors.person_repository import person_by_id
from app.doors.recount import Recount, recount
from app.errors import NotFound
from app.gallery.repository import get_collection
from app.trail import bodies
from app.trail.door_repository import WantedDecisions, bodies_of, newest, outlines

DAYS: Final = 7
MOST: Final = 5_000
"""The newest decisions of this many are decided again at another target."""
_MOST_OF_DOOR: Final = 50_000
"""The newest decisions of a door of which its drift is computed: 1,400 a day."""


@dataclass(frozen=True, slots=True)
class DoorExplained:
    """The decision of a door in this ``mode`` ``at`` an instant, and why."""

    mode: Mode
    at: datetime
    explained: Explained


class DoorQuestions:
    """Answers from the policy and from the audit. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._drifts = OneEach()

    def explain(
        self,
        collection_id: str,
        door_id: str,
        person_id: str | None,
        *,
        at: datetime | None = None,
    ) -> DoorExplained:
        """The decision for a person whose face is recognised, or for an unknown face, now or ``at``
        another time, with every rule for the door. ``NotFound`` where one of them is not there.
        """
        instant = self._clock.now() if at is None else at
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            found = find_door(session, INSIDE.bound_to(owner.key), door_id)
            explained = explained_at(session, found, person_id, at=instant)
        return DoorExplained(found.mode, instant, explained)

    def at_target(self, collection_id: str, target: float) -> Recount:
        """The result of the newest decisions of all doors, of the last days, at another FPIR
        ``target``.
        """
        start = self._clock.now() - timedelta(days=DAYS)
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            texts = newest(session, owner.key, start=start, limit=MOST)
        return recount(_details(texts), target)

    def drift(self, collection_id: str, doors: Sequence[str]) -> dict[str, Drift]:
        """The drift of the camera at each of the ``doors``. ``NotReady`` while it is computed for
        somebody else: many decisions take seconds.
        """
        now = self._clock.now()
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
        with self._drifts.alone(owner.key):
            return {door: self._drift_of(owner.key, door, now) for door in doors}

    def _drift_of(self, collection_key: int, door: str, now: datetime) -> Drift:
        start = now - timedelta(days=NOW_DAYS + PAST_DAYS)
        wanted = WantedDecisions(collection_key, door, start)
        with self._database.read() as session:
            rows = outlines(session, wanted, limit=_MOST_OF_DOOR)
            found = [
                Outline(row.key, row.at, row.reason or "", row.person_id)
                for row in rows
                if isinstance(row.at, datetime)
            ]
            texts = bodies_of(session, [each.key for each in looked_into(found, now)])
        return drift(found, dict(_seen(texts)), now)


def _details(texts: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The details of rows, without those that Kith did not write so."""
    for text in texts:
        with suppress(ValueError):
            yield bodies.read(text)["details"]


def _seen(texts: Mapping[int, str]) -> Iterator[tuple[int, Seen]]:
    """The grounds that each row states; none where Kith did not write it so."""
    for key, text in texts.items():
        with suppress(ValueError):
            details = bodies.read(text)["details"]
            frames = details.get("frames") or {}
            received, used = frames.get("received", 0), frames.get("used", 0)
            usable = min(used / received, 1.0) if received else None
            yield key, Seen((details.get("match") or {}).get("similarity"), usable)


def explained_at(
    session: Session, door: FoundDoor, person_id: str | None, *, at: datetime
) -> Explained:
    """The same of a door that was found; ``NotFound`` where there is no such person."""
    loaded, known = policy_now(session, Policies(), door), None
    if person_id is not None:
        known = person_by_id(session, door.collection_key, person_id)
        if known is None:
            message = f"There is no person {person_id!r} in the collection {door.collection_id!r}."
            raise NotFound(message)
    return explain(loaded.policy, door.id, None if known is None else known.person, at=at)
