"""The crops of faces that a collection may keep, so that another model can embed them later.

They are pixels of people: no route and no log shows them, and each is deleted with its face.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE
from app.gallery.enrolment import Template
from app.gallery.models import Collection, Crop, Face
from app.vision.crops import packed


def with_png(owner: Collection, templates: Sequence[Template]) -> list[Template]:
    """The templates with the PNGs to keep. They are made before any transaction is open."""
    if not owner.keep_crops:
        return list(templates)
    return [replace(template, png=packed(template.sample.crop)) for template in templates]


def keep(
    session: Session, faces: Sequence[Face], seen: Sequence[Template], *, crop_id: str
) -> None:
    """Store the crop of each of ``faces``, which have their ids, from ``seen``, under ``crop_id``.
    An enrolment that began before its collection kept crops has none.
    """
    session.add_all(
        Crop(face_id=face.id, crop_id=crop_id, png=template.png)
        for face, template in zip(faces, seen, strict=True)
        if template.png is not None
    )


def forget(session: Session, owner: Collection) -> None:
    """Delete every crop of the collection."""
    theirs = select(Face.id).where(Face.collection_key == owner.key)
    session.execute(delete(Crop).where(Crop.face_id.in_(theirs)).execution_options(**IN_SQL_ALONE))
