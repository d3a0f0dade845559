"""The last step of a decision: the policy, on what the database says now, in one transaction.

The person's row is held, so that decisions about one person and changes of their row go one after
the other. Where the policy is another than the one that was read before, nothing is decided: the
caller reads it and begins again. The grant is committed before anybody hears of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.access.policy.decide import DoorDecision, decide
from app.access.policy.values import Grant, History, Sighting
from app.access.policy_repository import DoorSettings, LoadedPolicy, version
from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.doors.answers import Concluded, Sight
from app.doors.door_repository import FoundDoor
from app.doors.evidence import record_decision
from app.doors.history_repository import (
    SKEW,
    Denial,
    denied,
    history_of,
    remember_grant,
    remember_spoof,
)
from app.doors.person_repository import KnownPerson, hold_person, read_person
from app.gallery.credential_repository import CredentialValue, values_of
from app.reasons import DoorReason

_WITHOUT_EVENT: Final = frozenset(
    {
        DoorReason.SYSTEM_ERROR,
        DoorReason.DOOR_DISABLED,
        DoorReason.DOOR_LOCKED_DOWN,
        DoorReason.STALE_FRAMES,
        DoorReason.TOO_FEW_FRAMES,
        DoorReason.NO_FACE,
        DoorReason.LOW_QUALITY,
    }
)
"""Nobody was seen, or nobody was looked for: a door that is shut when a request comes looks at no
face, so one that was shut while it ran says no more."""
_EACH_TIME: Final = frozenset(
    {DoorReason.GRANTED, DoorReason.FACTOR_MISMATCH, DoorReason.SPOOF_SUSPECTED}
)
"""Each is something that somebody did. Other denials are one event a visit: a camera asks again for
as long as somebody stands in front of it."""


class PolicyChanged(Exception):
    """The policy is another than the one that was read before the transaction."""


def conclude(
    database: Database,
    clock: Clock,
    door: FoundDoor,
    loaded: LoadedPolicy,
    sight: Sight,
    *,
    dry_run: bool,
) -> Concluded:
    """Decide, and remember a grant unless it is a ``dry_run``; ``PolicyChanged`` as above."""
    if dry_run or sight.wrong & _WITHOUT_EVENT:
        with database.read() as session:
            concluded = _decided(session, clock, door, loaded, sight, read_person)
        if dry_run or concluded.decision.reason in _WITHOUT_EVENT:
            return concluded  # nothing to remember, so nothing to write
    with database.write() as session:
        concluded = _decided(session, clock, door, loaded, sight, hold_person)
        remembered = _remembered(session, door, loaded.settings[door.id], concluded)
        if remembered.event_id is not None and not remembered.suppressed:
            record_decision(session, door, loaded, sight, remembered)
        # Last, so that nothing above can write a value down.
        return replace(remembered, revealed=_revealed(session, loaded, door, remembered))


def _decided(
    session: Session,
    clock: Clock,
    door: FoundDoor,
    loaded: LoadedPolicy,
    sight: Sight,
    read: Callable[[Session, int, int], KnownPerson | None],
) -> Concluded:
    """The decision alone, for the person as ``read`` finds them."""
    settings = loaded.settings[door.id]
    known = None
    if sight.person_key is not None:
        known = read(session, door.collection_key, sight.person_key)
    at = version(session, door.collection_key) if known is None else known.version
    if at != loaded.version:
        raise PolicyChanged
    person_key = None if known is None else known.key
    history = history_of(session, door.key, settings, person_key, clock.now())
    now = _now(clock.now(), history)
    decision = decide(
        loaded.policy, door.id, _sighting(sight, known, settings, now), at=now, history=history
    )
    return Concluded(decision, now, known if decision.person else None)


def _now(at: datetime, history: History) -> datetime:
    grants = [history.here.at if history.here else None, history.elsewhere]
    latest = max((each for each in grants if each is not None), default=at)
    # A grant of another replica that is ahead by so little is of now: else a visit would have two.
    return latest if timedelta(0) < latest - at < SKEW else at


def _sighting(
    sight: Sight, known: KnownPerson | None, settings: DoorSettings, at: datetime
) -> Sighting:
    """The sighting of somebody who was removed in between is of nobody; frames may have become too
    old while they were looked at.
    """
    wrong = sight.wrong
    if sight.enough_since is not None and at - sight.enough_since > settings.max_age:
        wrong |= {DoorReason.STALE_FRAMES}
    return Sighting(None if known is None else known.person, wrong, sight.factor)


def _remembered(
    session: Session, door: FoundDoor, settings: DoorSettings, concluded: Concluded
) -> Concluded:
    """Keep what later decisions ask for, and give the decision its event."""
    decision, at = concluded.decision, concluded.at
    if decision.repeats is not None:
        return replace(concluded, event_id=decision.repeats, suppressed=True)
    if decision.reason in _WITHOUT_EVENT:
        return concluded
    event_id = new_id("evt")
    if decision.reason not in _EACH_TIME:
        is_unknown = decision.reason is DoorReason.UNKNOWN_PERSON
        after = settings.unknown_after if is_unknown else timedelta(0)
        person_key = None if concluded.person is None else concluded.person.key
        denial = Denial(door.key, decision.reason, person_key, after)
        visit = denied(session, denial, at, event_id)
        return replace(concluded, event_id=visit.event_id, suppressed=not visit.is_new)
    if decision.reason is DoorReason.SPOOF_SUSPECTED:
        remember_spoof(session, door.key, at)
    _remember_grant(session, door, concluded, decision, event_id)
    return replace(concluded, event_id=event_id)


def _revealed(
    session: Session, loaded: LoadedPolicy, door: FoundDoor, concluded: Concluded
) -> tuple[CredentialValue, ...]:
    types = loaded.settings[door.id].reveals
    if concluded.decision.reason is not DoorReason.GRANTED or concluded.person is None or not types:
        return ()
    return values_of(session, concluded.person.key, types)


def _remember_grant(
    session: Session, door: FoundDoor, concluded: Concluded, decision: DoorDecision, event_id: str
) -> None:
    if decision.reason is not DoorReason.GRANTED:
        return
    if concluded.person is None or decision.valid_until is None:
        raise ValueError("a grant names a person and has an end")
    grant = Grant(concluded.at, decision.valid_until, event_id)
    remember_grant(session, concluded.person.key, door.key, grant)
