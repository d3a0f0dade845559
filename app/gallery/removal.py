"""The removal of a person, in the transaction of the caller."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.feedback.repository import count_false_positives
from app.gallery.models import Collection, Person
from app.receipts.keeping import forget
from app.trail.recording import hold_pictures, record


def remove_person(
    session: Session, owner: Collection, person: Person, *, now: datetime, **details: object
) -> None:
    """Delete the person with everything that is kept of them, and record it. The collection is held
    by this transaction, which logs the change.
    """
    forget(session, Person, [person.key])
    session.refresh(person, with_for_update=True)  # after a decision about them that is written now
    pictures = hold_pictures(session, owner, person.key, now=now)
    session.delete(person)
    count_false_positives(session, owner.key, owner.contract_id)
    if pictures:
        details["evidence"] = pictures
    record(session, owner, "person.deleted", ("person", person.id), now=now, **details)
