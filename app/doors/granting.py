"""A new grant as the actions of its door need it."""

from app.actions.grants import NewGrant
from app.doors.answers import DoorAnswer
from app.reasons import DoorReason


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
