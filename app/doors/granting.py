"""An answer in the forms that others need: a new grant for actions, the decision for observers."""

from app.actions.grants import NewGrant
from app.doors.answers import DoorAnswer
from app.reasons import DoorReason
from app.recognition.results import DecidedBurst, Question


def grant_of(answer: DoorAnswer, session: str | None) -> NewGrant | None:
    """The grant of an answer; None where it grants nothing, repeats a grant, or is a trial."""
    asked, concluded = answer.asked, answer.concluded
    found, known = concluded.decision, concluded.person
    if found.reason is not DoorReason.GRANTED or concluded.suppressed or asked.dry_run:
        return None
    if known is None or concluded.event_id is None or found.valid_until is None:
        return None
    return NewGrant(
        collection_key=asked.door.collection_key,
        collection_id=asked.door.collection_id,
        door_key=asked.door.key,
        door_id=asked.door.id,
        person_key=known.key,
        person_id=known.person.id,
        external_id=known.external_id,
        event_id=concluded.event_id,
        reason=found.reason.value,
        session=session,
        at=concluded.at,
        valid_until=found.valid_until,
    )


def burst_decided(answer: DoorAnswer) -> DecidedBurst | None:
    """The decision about the frames, whose source is the door; None where nobody was looked for,
    and for a trial.
    """
    asked, concluded, seen = answer.asked, answer.concluded, answer.seen
    if seen is None or asked.dry_run:
        return None
    return DecidedBurst(
        question=Question(asked.caller, asked.request_id, asked.door.id),
        at=concluded.at,
        seen=seen,
        is_open=answer.claim is None,
        is_rejected=concluded.decision.reason is DoorReason.LOW_QUALITY,
        is_new=concluded.event_id is not None and not concluded.suppressed,
    )
