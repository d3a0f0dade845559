"""The service for persons and their faces."""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.paging import Page, Paging, page
from app.errors import AlreadyExists, AppError, InvalidRequest
from app.feedback.repository import count_false_positives
from app.gallery import credential_repository, repository
from app.gallery.enrolment import Enroller, ImageFile, Template, refusal
from app.gallery.examination import Examiner
from app.gallery.examined import Examined, Tried
from app.gallery.insertion import added_faces, insert_faces, insert_person, rejected_images
from app.gallery.models import Collection, Face, Person
from app.gallery.resemblance import Resemblances
from app.gallery.schemas import (
    FacesAdded,
    FaceView,
    NewPerson,
    PersonAdded,
    PersonPatch,
    PersonView,
)
from app.gallery.views import face_view, person_view
from app.inference.subject import Subject
from app.receipts.keeping import Keep, amend, forget

_TOLD: Final = frozenset({"external_id", "name", "valid_from", "valid_until"})
"""A person's fields that answers show or depend on."""
_log = structlog.get_logger()


class PersonService:
    """Enrols, changes and removes persons and faces."""

    def __init__(
        self, database: Database, clock: Clock, enroller: Enroller, resemblances: Resemblances
    ) -> None:
        self._database = database
        self._clock = clock
        self._enroller = enroller
        self._examiner = Examiner(enroller, resemblances)

    def create(
        self,
        collection_id: str,
        new: NewPerson,
        images: Sequence[ImageFile],
        keep: Keep,
        *,
        subject: Subject = "only",
        caller: Principal = INSIDE,
    ) -> PersonAdded:
        """Make a person, with a template of the face that is meant in each usable image.

        The answer has the numbers that the ``caller`` may see. If there are images and none is
        usable, nobody is made, and the error says why.
        """
        person_id = new.id or new_id("per")
        owner = self._check_free(collection_id, person_id, new.external_id)
        seen = self._examiner.examine(owner, images, subject, caller=caller)
        if images and not seen.templates:
            raise refusal(seen.rejected)
        try:
            with self._database.write() as session:
                owner = self._lock_enrollable(session, collection_id)
                person = insert_person(session, owner, person_id, new, now=self._clock.now())
                others = self._examiner.others(session, seen)
                rows = self._insert(session, owner, person, seen)
                answer = PersonAdded(
                    person=person_view(person, collection_id, faces=len(rows)),
                    faces=added_faces(rows, seen, person_id),
                    rejected=rejected_images(seen),
                    warnings=seen.warnings_of_enrolled,
                )
                keep(session, answer, person, *rows, *others)
        except IntegrityError:
            raise _taken(collection_id, person_id, new.external_id) from None
        _log.info("person.created", collection=collection_id, person=person_id, faces=len(rows))
        return answer

    def find(
        self, collection_id: str, paging: Paging, *, name: str | None, external_id: str | None
    ) -> Page[PersonView]:
        """The persons by age, with exactly this name or external id where given."""
        with self._database.read() as session:
            owner = repository.get_collection(session, collection_id)
            rows = repository.persons(
                session,
                owner,
                name=name,
                external_id=external_id,
                after=paging.after,
                limit=paging.limit + 1,
            )
            counts = repository.face_counts(session, [row.key for row in rows])
        return page(
            rows,
            paging,
            key=lambda row: row.key,
            show=lambda row: person_view(row, collection_id, faces=counts.get(row.key, 0)),
        )

    def get(self, collection_id: str, person_id: str) -> PersonView:
        """One person, or ``NotFound``."""
        with self._database.read() as session:
            owner = repository.get_collection(session, collection_id)
            return _view(session, owner, repository.person(session, owner, person_id))

    def update(self, collection_id: str, person_id: str, patch: PersonPatch) -> PersonView:
        """Change what the patch names and nothing else."""
        changes: dict[str, Any] = patch.model_dump(exclude_unset=True)
        if "metadata" in changes:
            changes["attributes"] = changes.pop("metadata")
        replaced = changes.pop("credentials", None) is not None
        try:
            with self._database.write() as session:
                owner = repository.lock_collection(session, collection_id)
                person = repository.person(session, owner, person_id)
                if patch.external_id and repository.is_anothers(session, person, patch.external_id):
                    raise _taken(collection_id, person_id, patch.external_id)
                if changes.keys() & _TOLD:
                    repository.log_change(session, owner, [person.key], now=self._clock.now())
                for name, value in changes.items():
                    setattr(person, name, value)
                if replaced:
                    credential_repository.replace(session, owner, person, patch.credentials)
                _check_validity(person)
                person.updated_at = self._clock.now()
                session.flush()
                view = _view(session, owner, person)
                amend(session, person, lambda answer: _renamed(answer, view))
        except IntegrityError:
            raise _taken(collection_id, person_id, patch.external_id) from None
        _log.info("person.updated", collection=collection_id, person=person_id)
        return view

    def delete(self, collection_id: str, person_id: str) -> None:
        """Remove a person: once this returns, no answer names them."""
        with self._database.write() as session:
            owner = repository.lock_collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            repository.log_change(session, owner, [person.key], now=self._clock.now())
            forget(session, Person, [person.key])
            session.delete(person)
            count_false_positives(session, owner.key, owner.contract_id)
        _log.info("person.deleted", collection=collection_id, person=person_id)

    def add_faces(
        self,
        collection_id: str,
        person_id: str,
        images: Sequence[ImageFile],
        keep: Keep,
        *,
        subject: Subject = "only",
        caller: Principal = INSIDE,
    ) -> FacesAdded:
        """Add a template of the face that is meant in each usable image; with none usable, an error
        that says why. The answer has the numbers that the ``caller`` may see.
        """
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            enrolled = self._examiner.enrollee(session, owner, person_id)
        seen = self._examiner.examine(owner, images, subject, person=enrolled, caller=caller)
        with self._database.write() as session:
            owner = self._lock_enrollable(session, collection_id)
            person = repository.person(session, owner, person_id)
            others = self._examiner.others(session, seen)
            rows = self._insert(session, owner, person, seen)
            if not rows:
                raise refusal(seen.rejected)
            answer = FacesAdded(
                faces=added_faces(rows, seen, person_id),
                rejected=rejected_images(seen),
                warnings=seen.warnings_of_enrolled,
            )
            keep(session, answer, person, *rows, *others)
        _log.info("faces.added", collection=collection_id, person=person_id, faces=len(rows))
        return answer

    def try_images(
        self,
        collection_id: str,
        person_id: str | None,
        images: Sequence[ImageFile],
        *,
        subject: Subject = "only",
        tried: Sequence[Template] = (),
    ) -> Tried:
        """The result that enrolling the images would have after those ``tried`` before; nothing is
        written.

        ``person_id`` is None for somebody who is not enrolled yet.
        """
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            person = self._examiner.enrollee(session, owner, person_id, tried)
        seen = self._examiner.examine(owner, images, subject, person=person)
        room = owner.max_faces_per_person - len(person.faces) + len(tried)
        return Tried(seen.templates, seen.rejected, seen.warnings, room=room)

    def names(self, collection_id: str, ids: Sequence[str]) -> dict[str, str | None]:
        """The names of those of ``ids`` who are enrolled."""
        with self._database.read() as session:
            return repository.names(session, repository.get_collection(session, collection_id), ids)

    def has_image(self, collection_id: str, person_id: str, image: ImageFile) -> bool:
        """Whether the person is enrolled with exactly this image; nothing is decoded."""
        with self._database.read() as session:
            owner = repository.get_collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            return image.sha256 in repository.image_hashes(session, person.key)

    def faces(self, collection_id: str, person_id: str, paging: Paging) -> Page[FaceView]:
        """A person's faces by age."""
        with self._database.read() as session:
            owner = repository.get_collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            rows = repository.faces(session, person.key, after=paging.after, limit=paging.limit + 1)
        return page(
            rows, paging, key=lambda row: row.number, show=lambda r: face_view(r, person_id)
        )

    def delete_face(self, collection_id: str, person_id: str, number: int) -> None:
        """Remove the template of this number in the collection; no later answer uses it."""
        with self._database.write() as session:
            owner = repository.lock_collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            face = repository.face(session, person, number)
            repository.log_change(session, owner, [person.key], now=self._clock.now())
            forget(session, Face, [face.id])
            session.delete(face)
        _log.info("face.deleted", collection=collection_id, person=person_id, face=number)

    def _enrollable(self, session: Session, collection_id: str) -> Collection:
        return repository.get_comparable(session, collection_id, self._enroller.contract.id)

    def _lock_enrollable(self, session: Session, collection_id: str) -> Collection:
        return repository.lock_comparable(session, collection_id, self._enroller.contract.id)

    def _insert(
        self, session: Session, owner: Collection, person: Person, seen: Examined
    ) -> list[Face]:
        now = self._clock.now()
        return insert_faces(session, owner, person, seen, enroller=self._enroller, now=now)

    def _check_free(
        self, collection_id: str, person_id: str, external_id: str | None
    ) -> Collection:
        """Refuse a taken id before images are examined; a constraint of the database decides."""
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            if repository.is_taken(session, owner, person_id, external_id):
                raise _taken(collection_id, person_id, external_id)
            return owner


def _view(session: Session, owner: Collection, person: Person) -> PersonView:
    faces = repository.face_counts(session, [person.key]).get(person.key, 0)
    return person_view(person, owner.id, faces=faces)


def _renamed(answer: dict[str, Any], view: PersonView) -> dict[str, Any] | None:
    """The receipt of a person's creation with the person's present name; None for any other."""
    if answer.get("person", {}).get("id") != view.id:
        return None
    return answer | {"person": view.model_dump(mode="json")}


def _check_validity(person: Person) -> None:
    start, end = person.valid_from, person.valid_until
    if start and end and start >= end:
        raise InvalidRequest(f"valid_from {start} must be before valid_until {end}.")


def _taken(collection_id: str, person_id: str, external_id: str | None) -> AppError:
    also = f" or with the external id {external_id!r}" if external_id else ""
    return AlreadyExists(
        f"There is a person {person_id!r}{also} in the collection {collection_id!r} already."
    )
