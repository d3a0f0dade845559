"""Answers of the v1 API as CompreFace's clients read them.

``app.recognition.render`` has already withheld what the caller may not see: for keys without the
scope ``read`` a subject is a person's id, and only identified persons are shown.
"""

from collections.abc import Iterable

from app.compreface import schemas
from app.compreface.options import Options
from app.compreface.scale import scaled
from app.gallery.schemas import BoxView
from app.inference.embedder import Embeddings
from app.recognition.schemas import faces as v1
from app.recognition.schemas.identification import Identification, IdentifiedFace, TimingsView
from app.recognition.schemas.verification import Comparison, Verification


def recognition(
    answer: Identification,
    faces: Iterable[tuple[IdentifiedFace, Embeddings | None]],
    options: Options,
    *,
    nearest: bool,
) -> schemas.Recognition:
    """The ``faces`` of an identification that are to be shown, each with its embedding.

    Where the client gets the ``nearest`` subject of every face, a face that has none is left out:
    some clients read the first subject without looking whether there is one.
    """
    found = []
    for each, embedding in faces:
        subjects = _subjects(each, answer.policy.threshold, nearest=nearest)
        if subjects or not nearest:
            face = seen(each, embedding, options, _times(answer.timings_ms))
            shown = subjects[: options.predictions]
            found.append(schemas.RecognizedFace(**dict(face), subjects=shown))
    return schemas.Recognition(result=found, plugins_versions=parts(answer.contract_id, options))


def _subjects(
    face: IdentifiedFace, typical: float, *, nearest: bool
) -> list[schemas.SimilarSubject]:
    """The person identified, then the others by nearness where the nearest are to be shown."""
    threshold = typical if face.threshold is None else face.threshold
    names = {each.person_id: each.name or each.person_id for each in face.candidates}
    found = []
    if face.person_id is not None:
        named = names.get(face.person_id, face.person_id)
        found.append((named, scaled(face.similarity, threshold, is_match=True)))
    if found or nearest:
        found += (
            (names[each.person_id], scaled(each.similarity, threshold, is_match=False))
            for each in face.candidates
            if each.person_id != face.person_id
        )
    return [schemas.SimilarSubject(subject=name, similarity=number) for name, number in found]


def similarity(answer: Verification | Comparison) -> float:
    """How near two faces are, from 0.5 on where they match."""
    is_match = answer.decision == "match"
    return scaled(answer.similarity, answer.threshold, is_match=is_match)


def seen(
    face: v1.SampleView,
    embedding: Embeddings | None,
    options: Options,
    times: dict[str, float] | None = None,
) -> schemas.SeenFace:
    """A face with what the plugins ask for; ``embedding`` is None where the caller may not see
    it.
    """
    points = face.landmarks if "landmarks" in options.plugins else None
    return schemas.SeenFace(
        box=_box(face.box, face.detection_score),
        landmarks=None if points is None else [[round(each) for each in pair] for pair in points],
        embedding=None if embedding is None else embedding.tolist(),
        execution_time=times if options.status else None,
    )


def parts(contract_id: str, options: Options) -> dict[str, str] | None:
    """The versions of the parts, where the client asks for them: only the id of the embedding
    path.
    """
    if not options.status:
        return None
    return dict.fromkeys(("detector", "calculator"), contract_id)


def _box(box: BoxView, probability: float) -> schemas.Box:
    return schemas.Box(
        probability=round(probability, 5),
        x_max=box.x + box.width,
        y_max=box.y + box.height,
        x_min=box.x,
        y_min=box.y,
    )


def _times(timings: TimingsView) -> dict[str, float]:
    return {"detector": timings.detect, "calculator": timings.embed}
