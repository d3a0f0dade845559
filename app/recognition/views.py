"""Faces, comparisons, distances and groups as every caller who may ask for them sees them: rounded.

Nothing of them is withheld; what depends on the caller is in ``render``.
"""

from collections.abc import Sequence
from typing import Any, Final

from app.gallery.schemas import SeveralFaces
from app.gallery.views import (
    box_view,
    cosine_view,
    limit_view,
    quality_view,
    rate_view,
    several_faces,
    similarity_view,
)
from app.recognition.image_results import (
    ComparedFaces,
    DetectedFaces,
    EmbeddedFace,
    MeasuredDistances,
)
from app.recognition.results import Group, GroupedFaces, RatedMatch
from app.recognition.schemas.clusters import ClusterReport, ClusterView, KnownPerson
from app.recognition.schemas.distances import DistanceMatrix
from app.recognition.schemas.faces import Detection, EmbeddingView, SampleView
from app.recognition.schemas.verification import Comparison
from app.recognition.subject import SeenFace, TakenFace

_DIGITS: Final = 6
"""Digits of a distance after the point."""


def comparison(decision: ComparedFaces, *, request_id: str) -> Comparison:
    """The answer of ``compare``."""
    source, target = decision.source, decision.target
    return Comparison(
        request_id=request_id,
        contract_id=decision.contract_id,
        decision=decision.outcome,
        reasons=list(decision.reasons),
        similarity=rounded(decision.similarity),
        threshold=threshold_view(decision.threshold.similarity),
        target_fmr=decision.threshold.target,
        fmr=None if decision.fmr is None else rate_view(decision.fmr),
        extrapolated=decision.extrapolated,
        source=seen_view(source.seen),
        target=seen_view(target.seen),
        warnings=warnings(source, 0) + warnings(target, 1),
    )


def detection(detected: DetectedFaces, *, request_id: str) -> Detection:
    """The answer of ``detect``."""
    return Detection(
        request_id=request_id,
        contract_id=detected.contract_id,
        width=detected.width,
        height=detected.height,
        faces_found=detected.found,
        faces=[sample_view(seen) for seen in detected.faces],
    )


def embedding(embedded: EmbeddedFace, *, request_id: str) -> EmbeddingView:
    """The answer of ``embeddings``."""
    return EmbeddingView(
        request_id=request_id,
        contract_id=embedded.contract_id,
        dimension=len(embedded.embedding),
        embedding=embedded.embedding.tolist(),
        face=sample_view(embedded.seen),
        warnings=warnings(embedded.taken),
    )


def distances(measured: MeasuredDistances) -> DistanceMatrix:
    """The answer of ``distances``."""
    return DistanceMatrix(
        labels=list(measured.labels),
        metric=measured.metric,
        matrix=measured.matrix.round(_DIGITS).tolist(),
        warnings=_warnings_of(measured.taken),
    )


def clusters(grouped: GroupedFaces) -> ClusterReport:
    """The answer of ``clusters``."""
    return ClusterReport(
        labels=list(grouped.labels),
        max_fmr=grouped.max_fmr,
        clusters=[_cluster(group, grouped.labels) for group in grouped.groups],
        warnings=_warnings_of(grouped.taken),
    )


def _cluster(group: Group, labels: Sequence[str]) -> ClusterView:
    return ClusterView(
        labels=[labels[row] for row in group.rows],
        indices=list(group.rows),
        cohesion=None if group.cohesion is None else cosine_view(group.cohesion),
        first_seen=group.first_seen,
        last_seen=group.last_seen,
        person=None if group.known is None else _known(group.known),
    )


def _known(rated: RatedMatch) -> KnownPerson:
    person = rated.match.person
    return KnownPerson(
        person_id=person.id,
        external_id=person.external_id,
        name=person.name,
        similarity=similarity_view(rated.match.similarity),
        fpir=rate_view(rated.fpir),
    )


def warnings(taken: TakenFace, index: int = 0) -> list[SeveralFaces]:
    """The warning that one of several faces was taken of the image at place ``index``."""
    if taken.seen is None or taken.found < 2:
        return []
    return [several_faces(index, taken.seen.box, found=taken.found)]


def _warnings_of(faces: Sequence[TakenFace]) -> list[SeveralFaces]:
    """The warnings of one face each of several images, in the images' order."""
    return [each for index, taken in enumerate(faces) for each in warnings(taken, index)]


def sample_view(seen: SeenFace) -> SampleView:
    """A face as clients see it."""
    return SampleView(**sample_fields(seen))


def sample_fields(seen: SeenFace) -> dict[str, Any]:
    """The fields of a ``SampleView``, for views that have more."""
    points = None
    if seen.landmarks is not None:
        points = seen.landmarks.astype(float).round(1).tolist()
    return {
        "box": box_view(seen.box),
        "landmarks": points,
        "detection_score": round(seen.detection_score, 4),
        "quality": quality_view(seen.quality),
    }


def seen_view(seen: SeenFace | None) -> SampleView | None:
    """None where no face was taken."""
    return None if seen is None else sample_view(seen)


def rounded(similarity: float | None) -> float | None:
    """None where the face could not be compared."""
    return None if similarity is None else similarity_view(similarity)


def threshold_view(similarity: float) -> float:
    """A threshold with four digits."""
    return round(limit_view(similarity), 4)
