"""The row of the audit that a decision at a door has: no image, no embedding, no credential. Where
pictures are kept, they are sealed, and outside of the row.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.access.policy_repository import LoadedPolicy
from app.doors.answers import Concluded, Sight
from app.doors.decision_events import decision_event
from app.doors.door_repository import FoundDoor
from app.doors.probes import pictures, written_down
from app.recognition.bursts import SeenBurst
from app.trail.chain import written
from app.trail.recording import OwnerThen, record_with


def match_of(seen: SeenBurst, kind: Literal["identify", "verify"]) -> Mapping[str, Any]:
    """The comparison behind a decision: whom with, by which model, against which threshold; the
    rate is an FPIR for ``identify``, and an FMR for ``verify``.
    """
    score, owner = seen.score, seen.collection
    rate = None if score is None else score.fpir
    rates: dict[str, float | None]
    if kind == "verify":
        rates = {"fmr": rate, "target_fmr": owner.target_fmr}
    else:
        rates = {"fpir": rate, "target_fpir": owner.target_fpir}
    return {
        "kind": kind,
        "outcome": seen.outcome.value,
        "similarity": seen.similarity,
        "threshold": None if score is None else score.threshold,
        **rates,
        "gallery_size": seen.gallery.size.persons,
        "contract_id": owner.contract_id,
        "revision": seen.gallery.revision,
    }


def record_decision(
    session: Session, door: FoundDoor, loaded: LoadedPolicy, sight: Sight, concluded: Concluded
) -> None:
    """Record a decision that has an event of its own, in the transaction that makes it."""
    decision, known = concluded.decision, concluded.person
    frames = sight.frames
    record_with(
        [decision_event(door, loaded, sight, concluded)],
        session,
        OwnerThen(door.collection_key, door.collection_id),
        "door.decision",
        ("door", door.id),
        now=concluded.at,
        pictures=[] if known is None else pictures(sight.probe, known.key),
        decision=str(decision.answer),
        reason=decision.reason.value,
        person=None if known is None else known.person.id,
        event_id=concluded.event_id,
        authority=decision.authority.value,
        rule=decision.rule,
        policy_revision=decision.policy_revision,
        valid_until=_time(decision.valid_until),
        frames={
            "received": frames.received,
            "used": frames.used,
            "first_at": _time(frames.first_at),
            "last_at": _time(frames.last_at),
        },
        match=None if sight.match is None else dict(sight.match),
        probe=written_down(sight.probe, of_person=known is not None),
    )


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else written(instant)
