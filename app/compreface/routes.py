"""``/api/v1``: recognition, detection and verification, in CompreFace's form."""

import time
from collections.abc import Sequence
from dataclasses import replace

from fastapi import Request

from app.auth.principal import Principal, Scope
from app.compreface import render, schemas
from app.compreface.bodies import OneImage, TwoImages
from app.compreface.client import MayLook, MayRecognize
from app.compreface.failures import PATH, no_face, too_many_faces
from app.compreface.options import ImageOptions, Options
from app.compreface.services import CompreFaceServices, Provided
from app.inference.pipeline import Scene
from app.inference.subject import Select, Selection, largest_faces
from app.reasons import Reason
from app.recognition import render as v1
from app.recognition import views
from app.recognition.results import Question
from app.recognition.schemas.faces import DetectOptions, SampleView
from app.recognition.schemas.identification import IdentifyOptions
from app.recognition.schemas.verification import CompareOptions
from app.recognition.subject import SeenFace, TakenFace
from app.web.rooms import room

router = room("compreface", PATH)


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
    started, caller = time.perf_counter(), client.caller
    decisions = services.verification.verify_each(
        client.collection_id,
        enrolled.person_id,
        images[0].data,
        _asked_for(options),
        Question(caller, request.state.request_id),
    )
    times = _times(started)
    return schemas.Verification(
        result=[
            schemas.VerifiedFace(
                **dict(_shown(each.taken, caller, options, times)),
                subject=enrolled.subject if caller.may_read else enrolled.person_id,
                similarity=render.similarity(v1.verification(each)),
            )
            for each in decisions
        ],
        plugins_versions=render.parts(services.detection.contract_id, options),
    )


@router.post("/detection/detect", include_in_schema=False, response_model_exclude_none=True)
def detect(
    caller: MayLook, options: ImageOptions, images: OneImage, services: Provided
) -> schemas.Detection:
    """The faces of the image, largest first."""
    image, started = images[0].data, time.perf_counter()
    if _shows_embeddings(caller, options):
        taken = services.detection.embed_each(image, _asked_for(options))
        times = _times(started)
        result = [_shown(each, caller, options, times) for each in taken]
    else:
        found = seen_faces(services, image, options)
        times = {"detector": _since(started)}
        result = [render.seen(views.sample_view(each), None, options, times) for each in found]
    return schemas.Detection(
        result=result, plugins_versions=render.parts(services.detection.contract_id, options)
    )


@router.post("/verification/verify", include_in_schema=False, response_model_exclude_none=True)
def verify(
    caller: MayLook, options: ImageOptions, images: TwoImages, services: Provided, request: Request
) -> schemas.Comparison:
    """Whether each face of the target is of the same person as the only one of the source."""
    source, target = (each.data for each in images)
    started, request_id = time.perf_counter(), request.state.request_id
    compared = services.verification.compare_each(
        source, target, _asked_for(options), CompareOptions(source_subject="only")
    )
    times = _times(started)
    result = schemas.ComparedResult(
        source_image_face=_shown(compared[0].source, caller, options, times),
        face_matches=[
            schemas.VerifiedFace(
                **dict(_shown(each.target, caller, options, times)),
                similarity=render.similarity(views.comparison(each, request_id=request_id)),
            )
            for each in compared
        ],
        plugins_versions=render.parts(services.detection.contract_id, options),
    )
    return schemas.Comparison(result=[result])


def seen_faces(services: CompreFaceServices, image: bytes, options: Options) -> list[SeenFace]:
    """The faces that the client asks for, at least one."""
    found = services.detection.detect(image, DetectOptions(max_faces=options.limit)).faces
    return [found[row] for row in _sure([views.sample_view(each) for each in found], options)]


def _asked_for(options: Options) -> Select:
    """Select the faces that the client asks for, at least one."""
    largest = largest_faces(options.limit)

    def select(scene: Scene) -> Selection:
        found = largest(scene)
        seen = [views.sample_view(SeenFace.of(each)) for each in found.samples]
        return replace(found, samples=[found.samples[row] for row in _sure(seen, options)])

    return select


def _sure(faces: Sequence[SampleView], options: Options) -> list[int]:
    """The places of the faces of which the detector is as sure as the client asks: at least one."""
    rows = [row for row, each in enumerate(faces) if each.detection_score >= options.least]
    if not rows:
        raise no_face()
    return rows


def _shown(
    taken: TakenFace, caller: Principal, options: Options, times: dict[str, float]
) -> schemas.SeenFace:
    """A face that was taken of its image, or the error of an image of which none could be taken."""
    if taken.seen is None:
        raise _unusable(taken)
    embedding = taken.embedding if _shows_embeddings(caller, options) else None
    return render.seen(views.sample_view(taken.seen), embedding, options, times)


def _shows_embeddings(caller: Principal, options: Options) -> bool:
    """Embeddings are biometric data: for administrators alone, as on ``/v1/embeddings``."""
    return "calculator" in options.plugins and Scope.ADMIN in caller.scopes


def _unusable(source: TakenFace) -> Exception:
    """The error of a source image that has no face, or several."""
    many = Reason.MULTIPLE_FACES in source.reasons
    return too_many_faces(source.found) if many else no_face()


def _times(started: float) -> dict[str, float]:
    """The time of all faces of a request, of detection and comparison together."""
    return {"calculator": _since(started)}


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1e3, 2)
