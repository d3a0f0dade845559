"""Finds the person of a subject and the face of an ``image_id``, and back.

Changes are made by the service of persons, with its audit, its events and its refusals.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final, TypedDict

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.auth.principal import Principal
from app.compreface import repository
from app.compreface.failures import no_image, no_subject
from app.compreface.image_ids import image_id, number_of
from app.core.db import Database
from app.core.ids import id_of_name
from app.core.names import spellings
from app.errors import AlreadyExists, Conflict, FieldError, InvalidRequest, NotFound
from app.gallery.enrolment import ImageFile
from app.gallery.models import Collection
from app.gallery.person_service import PersonService
from app.gallery.repository import get_collection
from app.gallery.schemas import FacesAdded, NewPerson, PersonAdded, PersonPatch
from app.inference.subject import Subject
from app.receipts.keeping import Keep

_ATTEMPTS: Final = 4
"""Times that a face is added where other requests make or remove its person at the moment."""
_DIGITS: Final = 20
"""Hexadecimal digits of an id that is made where the name's own id is another person's."""


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """A face by the id that clients know, and the person it is of."""

    image_id: str
    person_id: str
    subject: str
    number: int


class SubjectService:
    """The subjects of a collection. Thread-safe."""

    def __init__(self, database: Database, persons: PersonService) -> None:
        self._database = database
        self._persons = persons

    def names(self, collection_id: str) -> list[str]:
        """Every subject once, oldest first."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            return list(dict.fromkeys(row[1] for row in repository.subjects(session, owner)))

    def add(self, collection_id: str, subject: str, keep: Keep) -> PersonAdded:
        """Make a subject without a face; ``AlreadyExists`` where there is one."""
        if self._ids(collection_id, subject):
            raise _taken(subject)
        try:
            return self._persons.create(collection_id, self._new(collection_id, subject), [], keep)
        except AlreadyExists:  # made by another request since
            raise _taken(subject) from None

    def rename(self, collection_id: str, subject: str, name: str) -> bool:
        """Give the person another name; the id and the faces stay. Returns whether it changed.

        ``AlreadyExists`` where another person has that name.
        """
        person_id = self._one(collection_id, subject)
        if name == subject:
            return False
        if set(self._ids(collection_id, name)) - {person_id}:
            raise _taken(name)
        with _removed_since(subject):
            self._persons.update(collection_id, person_id, PersonPatch(name=name))
        return True

    def delete(self, collection_id: str, subject: str) -> None:
        """Remove the person of this subject, with all faces."""
        person_id = self._one(collection_id, subject)
        with _removed_since(subject):
            self._persons.delete(collection_id, person_id)

    def delete_all(self, collection_id: str) -> int:
        """Remove every person of the collection, one after the other; returns how many."""
        with self._database.read() as session:
            rows = repository.subjects(session, get_collection(session, collection_id))
        return _deleted(partial(self._persons.delete, collection_id, row[0]) for row in rows)

    def enrol(
        self,
        collection_id: str,
        subject: str,
        image: ImageFile,
        keep: Keep,
        *,
        which: Subject,
        caller: Principal,
    ) -> FacesAdded:
        """Add a face to the subject, who is made if there is none. Where another request makes or
        removes the person at this moment, it looks again.
        """
        taking: _Taking = {"subject": which, "caller": caller}
        for _ in range(_ATTEMPTS):
            with suppress(AlreadyExists, NotFound):
                if not self._ids(collection_id, subject):
                    new = self._new(collection_id, subject)
                    return self._persons.create(collection_id, new, [image], keep, **taking)
                person_id = self._one(collection_id, subject)
                return self._persons.add_faces(collection_id, person_id, [image], keep, **taking)
        raise Conflict(f"Other requests make and remove {subject!r} at this moment; ask again.")

    def image_id(self, collection_id: str, number: int) -> str:
        """The ``image_id`` of the face of this number."""
        with self._database.read() as session:
            return str(image_id(get_collection(session, collection_id), number))

    def same_image(self, collection_id: str, subject: str, image: ImageFile) -> str | None:
        """The ``image_id`` under which the subject is enrolled with exactly this image."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            for person_id in repository.ids_of_subject(session, owner, subject):
                number = repository.face_of_image(session, owner, person_id, image.sha256)
                if number is not None:
                    return str(image_id(owner, number))
        return None

    def face(self, collection_id: str, given: str) -> EnrolledFace:
        """The face that an ``image_id`` names, or ``NotFound``."""
        for found in self._named(collection_id, [given]):
            return found
        raise no_image(given)

    def _named(self, collection_id: str, given: Iterable[str]) -> list[EnrolledFace]:
        """The faces that these ids name; an id that names none is left out."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            numbers = filter(None, (number_of(owner, each) for each in given))
            rows = (repository.face(session, owner, each) for each in dict.fromkeys(numbers))
            return [_enrolled(owner, row) for row in rows if row is not None]

    def faces(
        self, collection_id: str, subject: str | None, *, skip: int, limit: int
    ) -> tuple[list[EnrolledFace], int]:
        """Faces of the collection, or of a subject, oldest first; and how many there are."""
        with self._database.read() as session:
            owner, ids = self._scope(session, collection_id, subject)
            rows = repository.faces(session, owner, ids, skip=skip, limit=limit)
            return [_enrolled(owner, row) for row in rows], repository.count_faces(
                session, owner, ids
            )

    def delete_face(self, collection_id: str, given: str) -> EnrolledFace:
        """Remove the face that an ``image_id`` names."""
        for found in self.delete_listed(collection_id, [given]):
            return found
        raise no_image(given)

    def delete_listed(self, collection_id: str, given: Iterable[str]) -> list[EnrolledFace]:
        """Remove the faces that these ids name, one after the other; those that were there."""
        deleted = []
        for found in self._named(collection_id, given):
            with suppress(NotFound):  # another request removed it since
                self._persons.delete_face(collection_id, found.person_id, found.number)
                deleted.append(found)
        return deleted

    def delete_faces(self, collection_id: str, subject: str | None) -> int:
        """Remove all faces of a subject, or of everybody, one after the other; the persons stay.
        Returns how many.
        """
        with self._database.read() as session:
            owner, ids = self._scope(session, collection_id, subject)
            total = repository.count_faces(session, owner, ids)
            rows = repository.faces(session, owner, ids, skip=0, limit=total)
        return _deleted(
            partial(self._persons.delete_face, collection_id, row[1], row[0]) for row in rows
        )

    def _scope(
        self, session: Session, collection_id: str, subject: str | None
    ) -> tuple[Collection, list[str] | None]:
        owner = get_collection(session, collection_id)
        if subject is None:
            return owner, None
        return owner, repository.ids_of_subject(session, owner, subject)

    def _ids(self, collection_id: str, subject: str) -> list[str]:
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            return repository.ids_of_subject(session, owner, subject)

    def _one(self, collection_id: str, subject: str) -> str:
        """The person of this subject; an error where there is none, or several have the name."""
        ids = self._ids(collection_id, subject)
        if not ids:
            raise no_subject(subject)
        if len(ids) > 1:
            message = (
                f"{len(ids)} persons are called {subject!r} ({', '.join(ids[:5])}): change one of "
                "them by its id, with the routes under /v1"
            )
            raise InvalidRequest(f"{message}.", errors=[FieldError("subject", message)])
        return ids[0]

    def _new(self, collection_id: str, subject: str) -> NewPerson:
        """A person to make for a subject, with the id that ``kith enroll`` gives to the name; with
        another where a person who was renamed has that. Of requests at one moment each gives the
        same id, so that one of them makes the person, and none a second.
        """
        for made in _ids_for(subject):
            known = self._persons.names(collection_id, [made])
            if made not in known or (known[made] or made) in spellings(subject):
                break
        return NewPerson(id=made, name=subject)


def _ids_for(subject: str) -> Iterator[str]:
    """The ids that a person of this name may get, the first first."""
    yield id_of_name(subject)
    for number in count(2):
        digest = hashlib.sha256(f"{number}\n{subject}".encode()).hexdigest()
        yield f"per-{digest[:_DIGITS]}"


class _Taking(TypedDict):
    subject: Subject
    caller: Principal


def _enrolled(owner: Collection, row: Row[int, str, str]) -> EnrolledFace:
    number, person_id, subject = row
    return EnrolledFace(str(image_id(owner, number)), person_id, subject, number)


@contextmanager
def _removed_since(subject: str) -> Iterator[None]:
    """The error of a subject that is not there, where another request removes the person now."""
    try:
        yield
    except NotFound:
        raise no_subject(subject) from None


def _taken(subject: str) -> AlreadyExists:
    message = f"There is a subject {subject!r} already"
    return AlreadyExists(f"{message}.", errors=[FieldError("subject", message)])


def _deleted(calls: Iterable[Callable[[], None]]) -> int:
    """How many of the deletions deleted something; what the others name was already gone."""
    deleted = 0
    for delete in calls:
        with suppress(NotFound):
            delete()
            deleted += 1
    return deleted
