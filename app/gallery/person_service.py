"""What can be done with persons and their faces."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.paging import Page, Paging, page
from app.errors import AlreadyExists, AppError, InvalidRequest
from app.gallery import crops, repository
from app.gallery.enrolment import (
    Enroller,
    ImageFile,
    Origin,
    Template,
    refusal,
    several_faces_warnings,
)
from app.gallery.models import Collection, Face, Person
from app.gallery.resemblance import Resemblance, Resemblances
from app.gallery.schemas import (
    AddedFace,
    EnrolmentWarning,
    FacesAdded,
    FaceView,
    LookalikeWarning,
    NewPerson,
    PersonAdded,
    PersonPatch,
    PersonView,
    RejectedImage,
)
from app.gallery.templates import pack
from app.gallery.views import (
    added_face,
    box_view,
    face_view,
    person_view,
    quality_view,
    rate_view,
    similarity_view,
)
from app.inference.subject import Subject
from app.reasons import Reason, RejectionReason
from app.receipts.keeping import Keep, amend, forget

_TOLD: Final = frozenset({"external_id", "name", "valid_from", "valid_until"})
"""What of a person answers tell, or depend on."""
_COLUMNS: Final = set(NewPerson.model_fields) - {"id", "metadata"}
"""Of a new person, what the table has under the same name."""
_log = structlog.get_logger()


@dataclass(slots=True)
class _Examined:
    """What became of images before any transaction: which can be enrolled, which cannot, what to
    look at of the former, and by an image's index the key of the person whom the answer names for
    it.
    """

    templates: list[Template]
    rejected: list[RejectedImage]
    warnings: list[EnrolmentWarning] = field(default_factory=list)
    others: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """What would become of images: those refused, the warnings of the others, and how many faces
    the person has ``room`` for.
    """

    rejected: list[RejectedImage]
    warnings: list[EnrolmentWarning]
    room: int


class PersonService:
    """Enrols, changes and removes persons and faces."""

    def __init__(
        self, database: Database, clock: Clock, enroller: Enroller, resemblances: Resemblances
    ) -> None:
        self._database = database
        self._clock = clock
        self._enroller = enroller
        self._resemblances = resemblances

    def create(
        self,
        collection_id: str,
        new: NewPerson,
        images: Sequence[ImageFile],
        keep: Keep,
        *,
        subject: Subject = "only",
    ) -> PersonAdded:
        """Make a person, with a template of the face that is meant in each usable image.

        With images and none of them usable nobody is made, and the error says why.
        """
        person_id = new.id or new_id("per")
        owner = self._check_free(collection_id, person_id, new.external_id)
        seen = self._examine(owner, images, subject, person_key=None)
        if images and not seen.templates:
            raise refusal(seen.rejected)
        try:
            with self._database.write() as session:
                owner = self._enrollable(session, collection_id)
                person = self._insert(session, owner, person_id, new)
                others = self._others(session, seen)
                rows = self._add(session, owner, person, seen)
                answer = PersonAdded(
                    person=person_view(person, collection_id, faces=len(rows)),
                    faces=_added(rows, seen, person_id),
                    rejected=seen.rejected,
                    warnings=_of_those(seen),
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
            owner = repository.collection(session, collection_id)
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
            owner = repository.collection(session, collection_id)
            return _view(session, owner, repository.person(session, owner, person_id))

    def update(self, collection_id: str, person_id: str, patch: PersonPatch) -> PersonView:
        """Change what the patch names and nothing else."""
        changes: dict[str, Any] = patch.model_dump(exclude_unset=True)
        if "metadata" in changes:
            changes["attributes"] = changes.pop("metadata")
        try:
            with self._database.write() as session:
                owner = repository.collection(session, collection_id)
                person = repository.person(session, owner, person_id)
                if patch.external_id and repository.is_anothers(session, person, patch.external_id):
                    raise _taken(collection_id, person_id, patch.external_id)
                if changes.keys() & _TOLD:
                    repository.log_change(session, owner, [person.key], now=self._clock.now())
                for name, value in changes.items():
                    setattr(person, name, value)
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
            owner = repository.collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            repository.log_change(session, owner, [person.key], now=self._clock.now())
            forget(session, Person, [person.key])
            session.delete(person)
            repository.count_false_positives(session, owner)
        _log.info("person.deleted", collection=collection_id, person=person_id)

    def add_faces(
        self,
        collection_id: str,
        person_id: str,
        images: Sequence[ImageFile],
        keep: Keep,
        *,
        subject: Subject = "only",
    ) -> FacesAdded:
        """Add a template of the face that is meant in each usable image; with none usable, an error
        that says why.
        """
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            person = repository.person(session, owner, person_id)
        seen = self._examine(owner, images, subject, person_key=person.key)
        with self._database.write() as session:
            owner = self._enrollable(session, collection_id)
            person = repository.person(session, owner, person_id)
            others = self._others(session, seen)
            rows = self._add(session, owner, person, seen)
            if not rows:
                raise refusal(seen.rejected)
            answer = FacesAdded(
                faces=_added(rows, seen, person_id),
                rejected=seen.rejected,
                warnings=_of_those(seen),
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
    ) -> Tried:
        """What enrolling the images would do, were they the person's first; nothing is written.

        ``person_id`` is None of somebody who is not enrolled yet.
        """
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            key, count = None, 0
            if person_id is not None:
                key = repository.person(session, owner, person_id).key
                count = len(repository.image_hashes(session, key))
        seen = self._examine(owner, images, subject, person_key=key)
        return Tried(seen.rejected, seen.warnings, room=owner.max_faces_per_person - count)

    def names(self, collection_id: str, ids: Sequence[str]) -> dict[str, str | None]:
        """The names of those of ``ids`` who are enrolled."""
        with self._database.read() as session:
            return repository.names(session, repository.collection(session, collection_id), ids)

    def has_image(self, collection_id: str, person_id: str, image: ImageFile) -> bool:
        """Whether the person is enrolled with exactly this image; nothing is decoded."""
        with self._database.read() as session:
            owner = repository.collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            return image.sha256 in repository.image_hashes(session, person.key)

    def faces(self, collection_id: str, person_id: str, paging: Paging) -> Page[FaceView]:
        """A person's faces by age."""
        with self._database.read() as session:
            owner = repository.collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            rows = repository.faces(session, person.key, after=paging.after, limit=paging.limit + 1)
        return page(
            rows, paging, key=lambda row: row.number, show=lambda r: face_view(r, person_id)
        )

    def delete_face(self, collection_id: str, person_id: str, number: int) -> None:
        """Remove the template of this number in the collection; from then on no answer rests on
        it.
        """
        with self._database.write() as session:
            owner = repository.collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            face = repository.face(session, person, number)
            repository.log_change(session, owner, [person.key], now=self._clock.now())
            forget(session, Face, [face.id])
            session.delete(face)
        _log.info("face.deleted", collection=collection_id, person=person_id, face=number)

    def _enrollable(self, session: Session, collection_id: str) -> Collection:
        return repository.comparable_collection(session, collection_id, self._enroller.contract.id)

    def _examine(
        self,
        owner: Collection,
        images: Sequence[ImageFile],
        subject: Subject,
        *,
        person_key: int | None,
    ) -> _Examined:
        seen = _Examined(*self._enroller.examine(images, subject))
        seen.templates = crops.with_png(owner, seen.templates)
        seen.warnings = several_faces_warnings(seen.templates)
        if owner.lookalikes == "off" or not seen.templates:
            return seen
        faces = np.stack([template.embedding for template in seen.templates])
        found = self._resemblances.of(owner, faces, but=person_key)
        alike = [(t, other) for t, other in zip(seen.templates, found, strict=True) if other]
        seen.others = {template.origin.index: other.person_key for template, other in alike}
        if owner.lookalikes == "warn":
            seen.warnings += [_lookalike(*each) for each in alike]
            return seen
        seen.rejected += [
            self._enroller.rejection(
                template.origin, Reason.LOOKS_LIKE_ANOTHER_PERSON, other=repr(other.person_id)
            )
            for template, other in alike
        ]
        seen.rejected.sort(key=lambda each: each.index)
        seen.templates = [t for t in seen.templates if t.origin.index not in seen.others]
        return seen

    def _others(self, session: Session, seen: _Examined) -> Sequence[Person]:
        """The other persons whom the answer names; those who were removed since the images were
        examined are not among them, and the answer does not name them either.
        """
        there = repository.persons_with(session, set(seen.others.values()))
        keys = {person.key for person in there}
        gone = {index for index, key in seen.others.items() if key not in keys}
        seen.warnings = [
            each
            for each in seen.warnings
            if each.index not in gone or not isinstance(each, LookalikeWarning)
        ]
        seen.rejected = [
            self._enroller.rejection(_origin(each), *each.reasons) if each.index in gone else each
            for each in seen.rejected
        ]
        return there

    def _check_free(
        self, collection_id: str, person_id: str, external_id: str | None
    ) -> Collection:
        """Refuse a taken id before the images cost anything; the database has the last word."""
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            if repository.is_taken(session, owner, person_id, external_id):
                raise _taken(collection_id, person_id, external_id)
            return owner

    def _insert(
        self, session: Session, owner: Collection, person_id: str, new: NewPerson
    ) -> Person:
        now = self._clock.now()
        person = Person(
            collection_key=owner.key,
            id=person_id,
            attributes=new.metadata,
            created_at=now,
            updated_at=now,
            **new.model_dump(include=_COLUMNS),
        )
        session.add(person)
        session.flush()
        return person

    def _add(
        self,
        session: Session,
        owner: Collection,
        person: Person,
        examined: _Examined,
    ) -> list[Face]:
        """Insert what is new and fits; what is not is rejected, in the images' order."""
        rejected = examined.rejected
        known = repository.image_hashes(session, person.key)
        rows: list[Face] = []
        seen: list[Template] = []
        for template in examined.templates:
            reason: RejectionReason | None = None
            if template.origin.image_sha256 in known:
                reason = Reason.DUPLICATE_IMAGE
            elif len(known) >= owner.max_faces_per_person:
                reason = Reason.FACE_LIMIT_REACHED
            if reason:
                rejected.append(self._enroller.rejection(template.origin, reason))
                continue
            known.add(template.origin.image_sha256)
            rows.append(self._face(owner, person, template))
            seen.append(template)
        rejected.sort(key=lambda each: each.index)
        if rows:
            now = self._clock.now()
            repository.log_change(session, owner, [person.key], now=now, enrolled=rows)
            session.add_all(rows)
            session.flush()
            if owner.keep_crops:
                crops.keep(session, rows, seen, crop_id=self._enroller.contract.crop_id)
        return rows

    def _face(self, owner: Collection, person: Person, template: Template) -> Face:
        sample = template.sample
        return Face(
            person_key=person.key,
            collection_key=owner.key,
            contract_id=owner.contract_id,
            embedding=pack(template.embedding),
            image_sha256=template.origin.image_sha256,
            box=box_view(sample.box).model_dump(),
            detection_score=round(sample.detection_score, 4),
            quality=view.model_dump() if (view := quality_view(sample.quality)) else {},
            created_at=self._clock.now(),
        )


def _added(rows: Sequence[Face], seen: _Examined, person_id: str) -> list[AddedFace]:
    index = {t.origin.image_sha256: t.origin.index for t in reversed(seen.templates)}
    return [added_face(row, person_id, index=index[row.image_sha256]) for row in rows]


def _origin(rejected: RejectedImage) -> Origin:
    return Origin(rejected.index, rejected.filename, rejected.image_sha256)


def _lookalike(template: Template, other: Resemblance) -> LookalikeWarning:
    origin = template.origin
    return LookalikeWarning(
        index=origin.index,
        filename=origin.filename,
        image_sha256=origin.image_sha256,
        reason=Reason.LOOKS_LIKE_ANOTHER_PERSON,
        person_id=other.person_id,
        similarity=similarity_view(other.similarity),
        fpir=rate_view(other.fpir),
        detail=f"Enrolled; the service would have named {other.person_id!r} for this face. Are "
        "they one person? See the collection's lookalikes.",
    )


def _of_those(seen: _Examined) -> list[EnrolmentWarning]:
    """The warnings of images that were enrolled in the end, in the images' order."""
    refused = {each.index for each in seen.rejected}
    kept = [warning for warning in seen.warnings if warning.index not in refused]
    return sorted(kept, key=lambda warning: warning.index)


def _view(session: Session, owner: Collection, person: Person) -> PersonView:
    faces = repository.face_counts(session, [person.key]).get(person.key, 0)
    return person_view(person, owner.id, faces=faces)


def _renamed(answer: dict[str, Any], view: PersonView) -> dict[str, Any] | None:
    """The receipt of a person's creation, with what they are called now; no other tells that."""
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
