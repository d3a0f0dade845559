"""Rows as clients see them."""

from collections.abc import Mapping

from app.gallery.models import Collection, Face, Person
from app.gallery.schemas import BoxView, CollectionView, FaceView, PersonView, QualityView
from app.vision.types import Box, Quality


def collection_view(row: Collection, persons: int, faces: int) -> CollectionView:
    """A collection with the numbers of its persons and faces."""
    return CollectionView(
        id=row.id,
        name=row.name,
        target_fpir=row.target_fpir,
        target_fmr=row.target_fmr,
        max_faces_per_person=row.max_faces_per_person,
        lookalikes=row.lookalikes,
        keep_probes=row.keep_probes,
        keep_crops=row.keep_crops,
        show_candidates=row.show_candidates,
        metadata=row.attributes,
        contract_id=row.contract_id,
        revision=row.revision,
        person_count=persons,
        face_count=faces,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def person_view(row: Person, collection_id: str, *, faces: int) -> PersonView:
    """A person with the number of its faces."""
    return PersonView(
        id=row.id,
        collection_id=collection_id,
        name=row.name,
        external_id=row.external_id,
        metadata=row.attributes,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        face_count=faces,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def face_view(row: Face, person_id: str) -> FaceView:
    """A face without its embedding."""
    return FaceView(
        id=row.id,
        person_id=person_id,
        box=BoxView(**row.box),
        detection_score=row.detection_score,
        quality=_stored_quality(row.quality),
        contract_id=row.contract_id,
        created_at=row.created_at,
    )


def box_view(box: Box) -> BoxView:
    """In whole pixels."""
    return BoxView(x=round(box.x), y=round(box.y), width=round(box.width), height=round(box.height))


def quality_view(quality: Quality | None) -> QualityView | None:
    """Rounded for display; None where the whole image is the sample."""
    if quality is None:
        return None
    return QualityView(
        score=round(quality.score, 3),
        face_size=round(quality.face_size),
        sharpness=round(quality.sharpness, 3),
        brightness=round(quality.brightness, 3),
        yaw=round(quality.yaw, 1),
        pitch=round(quality.pitch, 1),
        roll=round(quality.roll, 1),
    )


def rate_view(rate: float) -> float:
    """With six digits: the same on every replica and after every restart, whatever the order in
    which the gallery's people were summed up.
    """
    return float(f"{rate:.6g}")


def _stored_quality(stored: Mapping[str, float] | None) -> QualityView | None:
    return None if not stored else QualityView.model_validate(stored)
