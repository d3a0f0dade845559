"""What can be done with persons and their faces."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.errors import AlreadyExists, AppError, InvalidRequest, NotFound
from app.gallery import crops, repository
from app.gallery.enrolment import Enroller, ImageFile, Template, refusal
from app.gallery.models import Collection, Face, Person
from app.gallery.resemblance import Resemblance, Resemblances
from app.gallery.schemas import (
    EnrolmentWarning,
    FacesAdded,
    FaceView,
    NewPerson,
    PersonAdded,
    PersonPatch,
    PersonView,
    RejectedImage,
)
from app.gallery.templates import pack
from app.gallery.views import box_view, face_view, person_view, quality_view, rate_view
from app.web.idempotency import Keep
from app.web.paging import Page, Paging, page

_TOLD: Final = frozenset({"external_id", "name", "valid_from", "valid_until"})
"""What of a person answers tell, or depend on."""
_log = structlog.get_logger()


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
        self, collection_id: str, new: NewPerson, images: Sequence[ImageFile], keep: Keep
    ) -> PersonAdded:
        """Make a person, with a template of each usable image.

        With images and none of them usable nobody is made, and the error says why.
        """
        person_id = new.id or new_id("per")
        owner = self._check_free(collection_id, person_id, new.external_id)
        templates, rejected, warnings = self._examine(owner, images, person_key=None)
        if images and not templates:
            raise refusal(rejected)
        try:
            with self._database.write() as session:
                owner = self._enrollable(session, collection_id)
                person = self._insert(session, owner, person_id, new)
                faces = self._add(session, owner, person, templates, rejected)
                answer = PersonAdded(
                    person=person_view(person, collection_id, faces=len(faces)),
                    faces=faces,
                    rejected=rejected,
                    warnings=_of_those(warnings, rejected),
                )
                keep(session, answer)
        except IntegrityError:
            raise _taken(collection_id, person_id, new.external_id) from None
        _log.info("person.created", collection=collection_id, person=person_id, faces=len(faces))
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
                if changes.keys() & _TOLD:
                    repository.changed(session, owner, [person.key], now=self._clock.now())
                for name, value in changes.items():
                    setattr(person, name, value)
                _check_validity(person)
                person.updated_at = self._clock.now()
                session.flush()
                view = _view(session, owner, person)
        except IntegrityError:
            raise _taken(collection_id, person_id, patch.external_id) from None
        _log.info("person.updated", collection=collection_id, person=person_id)
        return view

    def delete(self, collection_id: str, person_id: str) -> None:
        """Remove a person: once this returns, no answer names them."""
        with self._database.write() as session:
            owner = repository.collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            repository.changed(session, owner, [person.key], now=self._clock.now())
            session.delete(person)
            repository.count_false_positives(session, owner)
        _log.info("person.deleted", collection=collection_id, person=person_id)

    def add_faces(
        self, collection_id: str, person_id: str, images: Sequence[ImageFile], keep: Keep
    ) -> FacesAdded:
        """Add a template of each usable image; with none usable, an error that says why."""
        with self._database.read() as session:
            owner = self._enrollable(session, collection_id)
            person = repository.person(session, owner, person_id)
        templates, rejected, warnings = self._examine(owner, images, person_key=person.key)
        with self._database.write() as session:
            owner = self._enrollable(session, collection_id)
            person = repository.person(session, owner, person_id)
            faces = self._add(session, owner, person, templates, rejected)
            if not faces:
                raise refusal(rejected)
            answer = FacesAdded(
                faces=faces, rejected=rejected, warnings=_of_those(warnings, rejected)
            )
            keep(session, answer)
        _log.info("faces.added", collection=collection_id, person=person_id, faces=len(faces))
        return answer

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
        return page(rows, paging, key=lambda row: row.id, show=lambda r: face_view(r, person_id))

    def delete_face(self, collection_id: str, person_id: str, face_id: int) -> None:
        """Remove one template; from then on no answer rests on it."""
        with self._database.write() as session:
            owner = repository.collection(session, collection_id)
            person = repository.person(session, owner, person_id)
            face = session.get(Face, face_id)
            if face is None or face.person_key != person.key:
                raise NotFound(f"There is no face {face_id} of the person {person_id!r}.")
            repository.changed(session, owner, [person.key], now=self._clock.now())
            session.delete(face)
        _log.info("face.deleted", collection=collection_id, person=person_id, face=face_id)

    def _enrollable(self, session: Session, collection_id: str) -> Collection:
        return repository.comparable_collection(session, collection_id, self._enroller.contract_id)

    def _examine(
        self, owner: Collection, images: Sequence[ImageFile], *, person_key: int | None
    ) -> tuple[list[Template], list[RejectedImage], list[EnrolmentWarning]]:
        """What can be enrolled, what cannot, and whom else the former look like."""
        templates, rejected = self._enroller.examine(images)
        templates = crops.with_png(owner, templates)
        if owner.lookalikes == "off" or not templates:
            return templates, rejected, []
        faces = np.stack([template.embedding for template in templates])
        others = self._resemblances.of(owner, faces, but=person_key)
        alike = [(t, other) for t, other in zip(templates, others, strict=True) if other]
        if owner.lookalikes == "warn":
            return templates, rejected, [_warning(*each) for each in alike]
        rejected += [
            self._enroller.rejection(
                template.index,
                template.filename,
                "looks_like_another_person",
                other=other.person_id,
            )
            for template, other in alike
        ]
        rejected.sort(key=lambda each: each.index)
        refused = {template.index for template, _ in alike}
        return [each for each in templates if each.index not in refused], rejected, []

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
            **new.model_dump(exclude={"id", "metadata"}),
        )
        session.add(person)
        session.flush()
        return person

    def _add(
        self,
        session: Session,
        owner: Collection,
        person: Person,
        templates: Sequence[Template],
        rejected: list[RejectedImage],
    ) -> list[FaceView]:
        """Insert what is new and fits; what is not joins ``rejected``, in the images' order."""
        known = repository.image_hashes(session, person.key)
        rows: list[Face] = []
        seen: list[Template] = []
        for template in templates:
            reason = None
            if template.image_sha256 in known:
                reason = "duplicate_image"
            elif len(known) >= owner.max_faces_per_person:
                reason = "face_limit_reached"
            if reason:
                rejected.append(self._enroller.rejection(template.index, template.filename, reason))
                continue
            known.add(template.image_sha256)
            rows.append(self._face(owner, person, template))
            seen.append(template)
        rejected.sort(key=lambda each: each.index)
        if rows:
            session.add_all(rows)
            repository.changed(session, owner, [person.key], now=self._clock.now())
            session.flush()
            if owner.keep_crops:
                crops.keep(session, rows, seen, crop_id=self._enroller.crop_id)
        return [face_view(row, person.id) for row in rows]

    def _face(self, owner: Collection, person: Person, template: Template) -> Face:
        sample = template.sample
        return Face(
            person_key=person.key,
            collection_key=owner.key,
            contract_id=owner.contract_id,
            embedding=pack(template.embedding),
            image_sha256=template.image_sha256,
            box=box_view(sample.box).model_dump(),
            detection_score=round(sample.detection_score, 4),
            quality=view.model_dump() if (view := quality_view(sample.quality)) else {},
            created_at=self._clock.now(),
        )


def _warning(template: Template, other: Resemblance) -> EnrolmentWarning:
    return EnrolmentWarning(
        index=template.index,
        filename=template.filename,
        reason="looks_like_another_person",
        person_id=other.person_id,
        similarity=round(other.similarity, 4),
        fpir=rate_view(other.fpir),
        detail=f"Enrolled; the service would have named {other.person_id!r} for this face. Are "
        "they one person? See the collection's lookalikes.",
    )


def _of_those(
    warnings: Sequence[EnrolmentWarning], rejected: Sequence[RejectedImage]
) -> list[EnrolmentWarning]:
    """The warnings of images that were enrolled in the end."""
    refused = {each.index for each in rejected}
    return [warning for warning in warnings if warning.index not in refused]


def _view(session: Session, owner: Collection, person: Person) -> PersonView:
    faces = repository.face_counts(session, [person.key]).get(person.key, 0)
    return person_view(person, owner.id, faces=faces)


def _check_validity(person: Person) -> None:
    start, end = person.valid_from, person.valid_until
    if start and end and start >= end:
        raise InvalidRequest(f"valid_from {start} must be before valid_until {end}.")


def _taken(collection_id: str, person_id: str, external_id: str | None) -> AppError:
    also = f" or with the external id {external_id!r}" if external_id else ""
    return AlreadyExists(
        f"There is a person {person_id!r}{also} in the collection {collection_id!r} already."
    )
