"""``/api/v1``: recognition, detection and verification, in CompreFace's form."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request

from app.auth.principal import Principal, Scope
from app.compreface import render, schemas
from app.compreface.bodies import OneImage, TwoImages
from app.compreface.client import MayLook, MayRecognize
from app.compreface.failures import PATH, no_face, too_many_faces
from app.compreface.options import ImageOptions, Options
from app.compreface.services import CompreFaceServices, Provided
from app.inference.embedder import Embeddings
from app.reasons import Reason
from app.recognition import render as v1
from app.recognition import views
from app.recognition.schemas.faces import DetectOptions, EmbeddingOptions, SampleView
from app.recognition.schemas.identification import IdentifyOptions
from app.recognition.schemas.verification import CompareOptions, VerifyOptions
from app.recognition.subject import SeenFace, TakenFace
from app.vision.types import Box
from app.web.rooms import room

router = room("compreface", PATH)

Judged = TypeVar("Judged")


@router.post("/recognition/recognize", include_in_schema=False, response_model_exclude_none=True)
def recognize(
    client: MayRecognize,
    options: ImageOptions,
    images: OneImage,
    services: Provided,
    request: Request,
) -> schemas.Recognition:
    """Identify the faces of an image. The first subject of a face that Kith identifies has a
    similarity of at least 0.5, and every other subject less.
    """
    decision = services.identification.identify(
        client.collection_id,
        images[0].data,
        IdentifyOptions(max_faces=options.limit, max_candidates=options.predictions),
        request_id=request.state.request_id,
        caller=client.caller,
    )
    answer = v1.identification(decision)
    rows = _sure(answer.faces, options)
    shows = _shows_embeddings(client.caller, options)
    return render.recognition(
        answer,
        [(answer.faces[row], decision.faces[row].embedding if shows else None) for row in rows],
        options,
        nearest=client.caller.shows_nearest,
    )


@router.post(
    "/recognition/faces/{image_id}/verify",
    include_in_schema=False,
    response_model_exclude_none=True,
)
def verify_face(
    image_id: str,
    client: MayRecognize,
    options: ImageOptions,
    images: OneImage,
    services: Provided,
    request: Request,
) -> schemas.Verification:
    """Whether each face of the image is of the person of an enrolled face."""
    enrolled = services.subjects.face(client.collection_id, image_id)
    image, caller = images[0].data, client.caller

    def verify(box: Box) -> schemas.VerifiedFace | None:
        started = time.perf_counter()
        decision = services.verification.verify(
            client.collection_id,
            enrolled.person_id,
            image,
            VerifyOptions(subject=box),
            request_id=request.state.request_id,
            caller=caller,
        )
        answer = v1.verification(decision)
        face = _shown(answer.face, decision.taken, caller, options, started)
        if face is None:
            return None
        return schemas.VerifiedFace(
            **dict(face),
            subject=enrolled.subject if caller.may_read else enrolled.person_id,
            similarity=render.similarity(answer),
        )

    faces, contract_id = _of_each_face(services, image, options, verify)
    return schemas.Verification(result=faces, plugins_versions=render.parts(contract_id, options))


@router.post("/detection/detect", include_in_schema=False, response_model_exclude_none=True)
def detect(
    caller: MayLook, options: ImageOptions, images: OneImage, services: Provided
) -> schemas.Detection:
    """The faces of the image, largest first."""
    image, started = images[0].data, time.perf_counter()
    seen, contract_id = seen_faces(services, image, options)
    times = {"detector": _since(started)}

    def embedding(face: SeenFace) -> Embeddings | None:
        if not _shows_embeddings(caller, options):
            return None
        return services.detection.embed(image, EmbeddingOptions(subject=face.box)).embedding

    return schemas.Detection(
        result=[
            render.seen(views.sample_view(each), embedding(each), options, times) for each in seen
        ],
        plugins_versions=render.parts(contract_id, options),
    )


@router.post("/verification/verify", include_in_schema=False, response_model_exclude_none=True)
def verify(
    caller: MayLook, options: ImageOptions, images: TwoImages, services: Provided, request: Request
) -> schemas.Comparison:
    """Whether each face of the target is of the same person as the only one of the source."""
    source, target = (each.data for each in images)
    sources: list[schemas.SeenFace] = []

    def compare(box: Box) -> schemas.VerifiedFace | None:
        started = time.perf_counter()
        compared = services.verification.compare(
            source, target, CompareOptions(source_subject="only", target_subject=box)
        )
        answer = views.comparison(compared, request_id=request.state.request_id)
        one = _shown(answer.source, compared.source, caller, options, started)
        if one is None:
            raise _unusable(compared.source)
        sources.append(one)
        other = _shown(answer.target, compared.target, caller, options, started)
        if other is None:
            return None
        return schemas.VerifiedFace(**dict(other), similarity=render.similarity(answer))

    faces, contract_id = _of_each_face(services, target, options, compare)
    result = schemas.ComparedResult(
        source_image_face=sources[0],
        face_matches=faces,
        plugins_versions=render.parts(contract_id, options),
    )
    return schemas.Comparison(result=[result])


def _of_each_face(
    services: CompreFaceServices,
    image: bytes,
    options: Options,
    judge: Callable[[Box], Judged | None],
) -> tuple[list[Judged], str]:
    """The answer of ``judge`` for each face of the image, by its box; and the id of the embedding
    path.
    """
    seen, contract_id = seen_faces(services, image, options)
    judged = [judge(each.box) for each in seen]
    return [each for each in judged if each is not None], contract_id


def seen_faces(
    services: CompreFaceServices, image: bytes, options: Options
) -> tuple[list[SeenFace], str]:
    """The faces that the client asks for, at least one, and the id of the embedding path."""
    found = services.detection.detect(image, DetectOptions(max_faces=options.limit))
    rows = _sure([views.sample_view(each) for each in found.faces], options)
    return [found.faces[row] for row in rows], found.contract_id


def _sure(faces: Sequence[SampleView], options: Options) -> list[int]:
    """The places of the faces of which the detector is as sure as the client asks: at least one."""
    rows = [row for row, each in enumerate(faces) if each.detection_score >= options.least]
    if not rows:
        raise no_face()
    return rows


def _shown(
    face: SampleView | None, taken: TakenFace, caller: Principal, options: Options, started: float
) -> schemas.SeenFace | None:
    """A face that was compared, with the time of detection and comparison together."""
    if face is None:
        return None
    embedding = taken.embedding if _shows_embeddings(caller, options) else None
    return render.seen(face, embedding, options, {"calculator": _since(started)})


def _shows_embeddings(caller: Principal, options: Options) -> bool:
    """Embeddings are biometric data: for administrators alone, as on ``/v1/embeddings``."""
    return "calculator" in options.plugins and Scope.ADMIN in caller.scopes


def _unusable(source: TakenFace) -> Exception:
    """The error of a source image that has no face, or several."""
    many = Reason.MULTIPLE_FACES in source.reasons
    return too_many_faces(source.found) if many else no_face()


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1e3, 2)
