"""Rows as clients see them."""

import math
from collections.abc import Mapping

from app.decision.rates import UNREACHABLE
from app.gallery.collection_schemas import CollectionView
from app.gallery.credential_schemas import CredentialView
from app.gallery.models import Collection, Face, Person
from app.gallery.schemas import (
    AddedFace,
    BoxView,
    FaceView,
    PersonView,
    QualityView,
    SeveralFaces,
)
from app.reasons import Reason
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
        unlike=row.unlike,
        keep_probes=row.keep_probes,
        keep_crops=row.keep_crops,
        show_candidates=row.show_candidates,
        min_face_size=row.min_face_size,
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
        suspended=row.suspended,
        suspended_by_sync=row.suspended_by_sync,
        credentials=[
            CredentialView(system=each.system, type=each.type, format=each.format)
            for each in row.credentials
        ],
        face_count=faces,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def face_view(row: Face, person_id: str) -> FaceView:
    """A face without its embedding."""
    return FaceView(
        id=row.number,
        person_id=person_id,
        image_sha256=row.image_sha256,
        box=_stored_box(row.box),
        turned_degrees=row.turned_degrees,
        detection_score=row.detection_score,
        quality=_stored_quality(row.quality),
        contract_id=row.contract_id,
        created_at=row.created_at,
    )


def added_face(row: Face, person_id: str, *, index: int) -> AddedFace:
    """A face just made of the image at ``index``."""
    return AddedFace(**dict(face_view(row, person_id)), index=index)


def several_faces(index: int, box: Box, *, found: int) -> SeveralFaces:
    """The warning that the image at ``index`` has ``found`` faces, and which one was taken."""
    taken = box_view(box)
    return SeveralFaces(
        index=index,
        reason=Reason.SEVERAL_FACES,
        faces_found=found,
        box=taken,
        detail=f"{found} faces were found; the one of {taken.width} x {taken.height} pixels at "
        f"({taken.x}, {taken.y}) was taken. If another is meant, name it with `subject`.",
    )


def box_view(box: Box) -> BoxView:
    """The box in whole pixels: its edges are rounded, so that a box within the image stays within
    it.
    """
    left, top = round(box.x), round(box.y)
    right, bottom = round(box.x + box.width), round(box.y + box.height)
    return BoxView(x=left, y=top, width=max(1, right - left), height=max(1, bottom - top))


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
        recognisability=(
            None if quality.recognisability is None else round(quality.recognisability, 3)
        ),
    )


def similarity_view(similarity: float) -> float:
    """The cosine with four digits, cut to -1 to 1: rounding of 32-bit vectors may exceed it."""
    return round(cosine_view(similarity), 4)


def limit_view(similarity: float) -> float:
    """A threshold; below -1, which everybody reaches, it is -1, and 1.001 where nobody does."""
    return min(UNREACHABLE, max(-1.0, similarity))


def cosine_view(similarity: float) -> float:
    """The cosine with all its digits, -1 to 1."""
    return min(1.0, max(-1.0, similarity))


def rate_view(rate: float) -> float:
    """With six digits: the same on every replica and after every restart, whatever the order in
    which the gallery's people were summed up.
    """
    return float(f"{rate:.6g}")


def _stored_box(stored: Mapping[str, int]) -> BoxView:
    """Faces enrolled before boxes ended at the image's border may begin before it."""
    return box_view(Box(**stored).within(math.inf, math.inf))


def _stored_quality(stored: Mapping[str, float] | None) -> QualityView | None:
    """Faces enrolled by earlier releases have no recognisability."""
    return None if not stored else QualityView.model_validate({"recognisability": None, **stored})
