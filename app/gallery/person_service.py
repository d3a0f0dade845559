"""The service for persons and their faces."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.names import one_spelling
from app.core.paging import Page, Paging, page
from app.errors import Conflict, FieldError
from app.gallery import dismissal_repository, person_list_repository, repository
from app.gallery.changes import change_person, taken, view_of
from app.gallery.enrolment import Enroller, ImageFile, refusal
from app.gallery.examination import Examiner
from app.gallery.examined import Examined, Tried
from app.gallery.insertion import added_faces, insert_faces, insert_person, rejected_images
from app.gallery.models import Collection, Face, Person
from app.gallery.removal import remove_person
from app.gallery.resemblance import Resemblances
from app.gallery.schemas import (
    FacesAdded,
    FaceView,
    NewPerson,
    PersonAdded,
    PersonByExternalId,
    PersonPatch,
    PersonView,
)
from app.gallery.views import face_view, person_view
from app.index.base import Vectors
from app.inference.subject import Subject
from app.receipts.keeping import Keep, forget
from app.trail.recording import record


class PersonService:
    """Enrols, changes and removes persons and faces."""

    def __init__(
        self, database: Database, clock: Clock, enroller: Enroller, resemblances: Resemblances
    ) -> None:
        self._database = database
        self._clock = clock
        self.enroller = enroller
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
        owner = self._check_free(collection_id, person_id, new)
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
                self._record(session, owner, "person.created", person_id, faces=len(rows))
        except IntegrityError:
            raise taken(collection_id, new.id, new.external_id) from None
        return answer

    def find(
        self,
        collection_id: str,
        paging: Paging,
        *,
        name: str | None = None,
        external_id: str | None = None,
        text: str = "",
    ) -> Page[PersonView]:
        """The persons by age, with exactly this name or external id where given, and with ``text``
        somewhere in their name or ids.
        """
        with self._database.read() as session:
            owner = repository.get_collection(session, collection_id)
            rows = person_list_repository.persons(
                session,
                owner,
                name=name,
                external_id=external_id,
                text=one_spelling(text),
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
            return view_of(session, owner, repository.person(session, owner, person_id))

    def update(self, collection_id: str, person_id: str, patch: PersonPatch) -> PersonView:
        """Change what the patch names and nothing else."""
        try:
            with self._database.write() as session:
                owner = repository.lock_collection(session, collection_id)
                person = repository.person(session, owner, person_id)
                view = change_person(session, owner, person, patch, now=self._clock.now())
        except IntegrityError:
            asked = None if patch.external_id else person_id
            raise taken(collection_id, asked, patch.external_id) from None
        return view

    def put(
        self, collection_id: str, external_id: str, fields: PersonByExternalId
    ) -> tuple[PersonView, bool]:
        """Change the person of this external id, or make one; the person, and whether they were
        made. ``Conflict`` where the person has another id than ``fields`` say.
        """
        with self._database.write() as session:
            owner = repository.lock_collection(session, collection_id)
            person = repository.person_of(session, owner, external_id)
            made = person is None
            if person is None:
                view = self._make(session, owner, external_id, fields)
            elif fields.id not in (None, person.id):
                message = f"the person of this external id is {person.id!r}; leave the id out"
                raise Conflict(f"id: {message}.", errors=[FieldError("id", message)])
            else:
                view = change_person(session, owner, person, fields, now=self._clock.now())
        return view, made

    def _make(
        self, session: Session, owner: Collection, external_id: str, fields: PersonByExternalId
    ) -> PersonView:
        person_id = fields.id or new_id("per")
        if repository.is_taken(session, owner, person_id, None):
            raise taken(owner.id, person_id, None)
        given = fields.model_dump(exclude_unset=True, exclude={"id"})
        new = NewPerson.model_validate({**given, "external_id": external_id})
        person = insert_person(session, owner, person_id, new, now=self._clock.now())
        self._record(session, owner, "person.created", person_id, faces=0)
        return person_view(person, owner.id, faces=0)

    def delete(self, collection_id: str, person_id: str) -> None:
        """Remove a person: once this returns, no answer names them."""
        with self._database.write() as session:
            owner = repository.lock_collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            repository.log_change(session, owner, [person.key], now=self._clock.now())
            remove_person(session, owner, person, now=self._clock.now())

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
            self._record(session, owner, "faces.added", person_id, faces=len(rows))
        return answer

    def try_images(
        self,
        collection_id: str,
        person_id: str | None,
        images: Sequence[ImageFile],
        *,
        subject: Subject = "only",
        tried: Sequence[Vectors] = (),
        caller: Principal = INSIDE,
    ) -> Tried:
        """The result that enrolling the images would have after those whose embeddings (d,) were
        ``tried``; nothing is written. Warnings have the numbers that the ``caller`` may see.

        ``person_id`` is None for somebody who is not enrolled yet.
        """
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            person = self._examiner.enrollee(session, owner, person_id, tried)
        seen = self._examiner.examine(owner, images, subject, person=person, caller=caller)
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
            session.flush()
            dismissal_repository.drop_outdated(session, person)
            self._record(session, owner, "face.deleted", person_id, face=number)

    def _record(
        self, session: Session, owner: Collection, action: str, person_id: str, **details: object
    ) -> None:
        now = self._clock.now()
        record(session, owner, action, ("person", person_id), now=now, **details)

    def _enrollable(self, session: Session, collection_id: str) -> Collection:
        return repository.get_comparable(session, collection_id, self.enroller.contract.id)

    def _lock_enrollable(self, session: Session, collection_id: str) -> Collection:
        return repository.lock_comparable(session, collection_id, self.enroller.contract.id)

    def _insert(
        self, session: Session, owner: Collection, person: Person, seen: Examined
    ) -> list[Face]:
        now = self._clock.now()
        return insert_faces(session, owner, person, seen, enroller=self.enroller, now=now)

    def _check_free(self, collection_id: str, person_id: str, new: NewPerson) -> Collection:
        """Refuse a taken id before images are examined; a constraint of the database decides."""
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            if repository.is_taken(session, owner, person_id, new.external_id):
                raise taken(collection_id, new.id, new.external_id)
            return owner
