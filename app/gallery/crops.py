"""The crops of its faces that a collection may keep, so that another model can embed them some day.

Pixels of people: no route answers them, no log has them, and they go with their face.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.gallery.models import Collection, Crop, Face
from app.vision.crops import packed
from app.vision.types import AlignedCrop


def keep(
    session: Session, faces: Sequence[Face], seen: Sequence[AlignedCrop], *, crop_id: str
) -> None:
    """Keep what was ``seen`` of each of ``faces``, which have their ids; ``crop_id`` made it."""
    session.add_all(
        Crop(face_id=face.id, crop_id=crop_id, png=packed(crop))
        for face, crop in zip(faces, seen, strict=True)
    )


def forget(session: Session, owner: Collection) -> None:
    """Delete every crop of the collection."""
    theirs = select(Face.id).where(Face.collection_key == owner.key)
    session.execute(
        delete(Crop).where(Crop.face_id.in_(theirs)).execution_options(synchronize_session=False)
    )
