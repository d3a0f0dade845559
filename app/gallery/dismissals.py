"""Keeps dismissals: an operator's statement that two persons who look alike are two people."""

from sqlalchemy.orm import Session

from app.core.acting import ACTOR
from app.core.clock import Clock
from app.core.db import Database
from app.errors import Conflict, FieldError, InvalidRequest, NotFound
from app.gallery import dismissal_repository, repository
from app.gallery.models import Collection, Dismissal, Person
from app.gallery.report_schemas import DismissalView
from app.trail.recording import record


class DismissalService:
    """Dismisses pairs of persons from the report of lookalikes, and lists them again. Thread-safe.

    The order of the two persons does not matter. A dismissal changes the report alone: thresholds,
    decisions and warnings at enrolment stay as they are.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, collection_id: str, person_id: str, other_id: str) -> DismissalView:
        """Dismiss the pair. A second call changes nothing: the key of the first stays on record.

        ``Conflict`` where one of the two has no face: nobody looks like them.
        """
        with self._database.write() as session:
            owner = repository.lock_collection(session, collection_id)
            persons = two_persons(session, owner, person_id, other_id)
            row = dismissal_repository.find(session, *persons)
            if row is None:
                _check_faces(session, *persons)
                row = self._dismissed(owner, *persons)
                session.add(row)
                self._record(session, owner, "lookalikes.dismissed", person_id, other_id)
        return dismissal_view(row)

    def delete(self, collection_id: str, person_id: str, other_id: str) -> None:
        """Delete the dismissal of the pair; ``NotFound`` where there is none."""
        with self._database.write() as session:
            owner = repository.lock_collection(session, collection_id)
            persons = two_persons(session, owner, person_id, other_id)
            row = dismissal_repository.find(session, *persons)
            if row is None:
                raise NotFound(f"Nobody said that {person_id!r} and {other_id!r} are two people.")
            session.delete(row)
            self._record(session, owner, "lookalikes.restored", person_id, other_id)

    def _dismissed(self, owner: Collection, one: Person, other: Person) -> Dismissal:
        first, second = sorted((one.key, other.key))
        return Dismissal(
            one_key=first,
            other_key=second,
            collection_key=owner.key,
            next_face=owner.next_face,
            key_id=ACTOR.get().key_id,
            created_at=self._clock.now(),
        )

    def _record(
        self, session: Session, owner: Collection, action: str, person_id: str, other_id: str
    ) -> None:
        now = self._clock.now()
        record(session, owner, action, ("person", person_id), now=now, other=other_id)


def two_persons(
    session: Session, owner: Collection, person_id: str, other_id: str
) -> tuple[Person, Person]:
    """The persons of these ids; ``InvalidRequest`` where it is the same id twice."""
    if person_id == other_id:
        message = f"{other_id!r} is the person themselves; name another person"
        raise InvalidRequest(f"other_id: {message}.", errors=[FieldError("other_id", message)])
    one = repository.person(session, owner, person_id)
    return one, repository.person(session, owner, other_id)


def dismissal_view(row: Dismissal) -> DismissalView:
    """A dismissal as clients see it."""
    return DismissalView(key_id=row.key_id, created_at=row.created_at)


def _check_faces(session: Session, *persons: Person) -> None:
    counts = repository.face_counts(session, [each.key for each in persons])
    for each in persons:
        if each.key not in counts:
            raise Conflict(
                f"The person {each.id!r} has no face, so nobody looks like them; add a face first."
            )
