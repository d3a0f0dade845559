"""The rows of a new person and of their faces, in the transaction of the caller."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.gallery import credential_repository, crops, repository
from app.gallery.enrolment import Enroller, Template
from app.gallery.examined import Examined
from app.gallery.models import Collection, Face, Person
from app.gallery.schemas import AddedFace, NewPerson, RejectedImage
from app.gallery.views import added_face, box_view, quality_view
from app.index.packing import pack
from app.reasons import Reason, RejectionReason

_COLUMNS: Final = set(NewPerson.model_fields) - {"id", "metadata", "credentials"}
"""The fields of a new person that are columns of the same name."""


def insert_person(
    session: Session, owner: Collection, person_id: str, new: NewPerson, *, now: datetime
) -> Person:
    """The row, with its key; ``AlreadyExists`` where a credential is another person's."""
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
    credential_repository.replace(session, owner, person, new.credentials)
    return person


def insert_faces(
    session: Session,
    owner: Collection,
    person: Person,
    examined: Examined,
    *,
    enroller: Enroller,
    now: datetime,
) -> list[Face]:
    """Insert faces that are new and within the limit, in the images' order; reject others."""
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
            rejected.append(enroller.rejection(template.origin, reason))
            continue
        known.add(template.origin.image_sha256)
        rows.append(_face(owner, person, template, now))
        seen.append(template)
    rejected.sort(key=lambda each: each.origin.index)
    if rows:
        repository.log_change(session, owner, [person.key], now=now, enrolled=rows)
        session.add_all(rows)
        session.flush()
        if owner.keep_crops:
            crops.keep(session, rows, seen, crop_id=enroller.contract.crop_id)
    return rows


def added_faces(rows: Sequence[Face], examined: Examined, person_id: str) -> list[AddedFace]:
    """The rows as an answer shows them, each with its image's index in the request."""
    origins = [template.origin for template in reversed(examined.templates)]
    index = {origin.image_sha256: origin.index for origin in origins}
    return [added_face(row, person_id, index=index[row.image_sha256]) for row in rows]


def rejected_images(examined: Examined) -> list[RejectedImage]:
    """The refused images as an answer shows them."""
    return [
        RejectedImage(**asdict(each.origin), reasons=list(each.reasons), detail=each.detail)
        for each in examined.rejected
    ]


def _face(owner: Collection, person: Person, template: Template, now: datetime) -> Face:
    sample = template.sample
    return Face(
        person_key=person.key,
        collection_key=owner.key,
        contract_id=owner.contract_id,
        embedding=pack(template.embedding),
        image_sha256=template.origin.image_sha256,
        box=box_view(sample.box).model_dump(),
        turned_degrees=template.turned_degrees,
        detection_score=round(sample.detection_score, 4),
        quality=view.model_dump() if (view := quality_view(sample.quality)) else {},
        created_at=now,
    )
