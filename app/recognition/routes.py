"""``/v1``: identify, verify, compare, detect, embeddings, distances, the threshold, the models."""

from typing import Annotated

from fastapi import Depends, Request, Response

from app.auth.guard import (
    MayAdminister,
    MayDecide,
    MayEnroll,
    MayIdentify,
    MayKnowModel,
    MayRead,
)
from app.gallery.fields import CollectionPath, PersonPath
from app.recognition import render, views
from app.recognition.schemas.clusters import ClusterOptions, ClusterReport
from app.recognition.schemas.distances import DistanceMatrix, DistanceOptions
from app.recognition.schemas.faces import Detection, DetectOptions, EmbeddingOptions, EmbeddingView
from app.recognition.schemas.feedback import FeedbackOptions, FeedbackView
from app.recognition.schemas.identification import Identification, IdentifyOptions
from app.recognition.schemas.models import ModelList
from app.recognition.schemas.thresholds import ThresholdView
from app.recognition.schemas.verification import (
    CompareOptions,
    Comparison,
    Verification,
    VerifyOptions,
)
from app.recognition.services import Provided
from app.web.idempotency import IdempotencyKey, answer_once, ticket_for
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import (
    ONE_IMAGE,
    OPTIONAL_IMAGE,
    OPTIONAL_IMAGES,
    SOURCE_AND_TARGET,
    Submission,
    described,
    submission,
)

router = room("recognition", "/v1")


@router.post(
    "/collections/{collection_id}/identify",
    responses=documented(404, 409, 415),
    openapi_extra=described(IdentifyOptions, ONE_IMAGE),
)
def identify(
    collection_id: CollectionPath,
    caller: MayDecide,
    body: Annotated[Submission[IdentifyOptions], Depends(submission(IdentifyOptions, ONE_IMAGE))],
    services: Provided,
    request: Request,
) -> Identification:
    """Identify the faces of an image: each is identified, unknown, ambiguous or rejected."""
    request_id = request.state.request_id
    decision = services.identification.identify(
        collection_id, body.images[0].data, body.fields, request_id=request_id, caller=caller
    )
    return render.identification(decision)


@router.post(
    "/collections/{collection_id}/persons/{person_id}/verify",
    responses=documented(404, 409, 415),
    openapi_extra=described(VerifyOptions, ONE_IMAGE),
)
def verify(
    collection_id: CollectionPath,
    person_id: PersonPath,
    caller: MayDecide,
    body: Annotated[Submission[VerifyOptions], Depends(submission(VerifyOptions, ONE_IMAGE))],
    services: Provided,
    request: Request,
) -> Verification:
    """Whether one face of the image, the main one unless `subject` says another, is this person."""
    decision = services.verification.verify(
        collection_id,
        person_id,
        body.images[0].data,
        body.fields,
        request_id=request.state.request_id,
        caller=caller,
    )
    return render.verification(decision)


@router.post(
    "/compare",
    responses=documented(415),
    openapi_extra=described(CompareOptions, SOURCE_AND_TARGET),
)
def compare(
    _caller: MayIdentify,
    body: Annotated[
        Submission[CompareOptions], Depends(submission(CompareOptions, SOURCE_AND_TARGET))
    ],
    services: Provided,
    request: Request,
) -> Comparison:
    """Whether one face each of two images, the main one unless said otherwise, are one person's."""
    source, target = body.images
    compared = services.verification.compare(source.data, target.data, body.fields)
    return views.comparison(compared, request_id=request.state.request_id)


@router.post(
    "/detect", responses=documented(415), openapi_extra=described(DetectOptions, ONE_IMAGE)
)
def detect(
    _caller: MayIdentify,
    body: Annotated[Submission[DetectOptions], Depends(submission(DetectOptions, ONE_IMAGE))],
    services: Provided,
    request: Request,
) -> Detection:
    """The faces of the image, largest first, without identities."""
    detected = services.detection.detect(body.images[0].data, body.fields)
    return views.detection(detected, request_id=request.state.request_id)


@router.post(
    "/embeddings",
    responses=documented(415),
    openapi_extra=described(EmbeddingOptions, ONE_IMAGE),
)
def embeddings(
    _caller: MayAdminister,
    body: Annotated[Submission[EmbeddingOptions], Depends(submission(EmbeddingOptions, ONE_IMAGE))],
    services: Provided,
    request: Request,
) -> EmbeddingView:
    """The embedding of one face, of unit length: biometric data, for administrators."""
    embedded = services.detection.embed(body.images[0].data, body.fields)
    return views.embedding(embedded, request_id=request.state.request_id)


@router.post(
    "/collections/{collection_id}/distances",
    responses=documented(404, 409, 415),
    openapi_extra=described(DistanceOptions, OPTIONAL_IMAGES),
)
def distances(
    collection_id: CollectionPath,
    _caller: MayRead,
    body: Annotated[
        Submission[DistanceOptions], Depends(submission(DistanceOptions, OPTIONAL_IMAGES))
    ],
    services: Provided,
) -> DistanceMatrix:
    """The distance matrix of 2 to 64 images, or of persons of the collection."""
    images = [(image.filename or f"images[{i}]", image.data) for i, image in enumerate(body.images)]
    return views.distances(services.distances.matrix(collection_id, images, body.fields))


@router.post(
    "/collections/{collection_id}/clusters",
    responses=documented(404, 409, 415),
    openapi_extra=described(ClusterOptions, OPTIONAL_IMAGES),
)
def cluster(
    collection_id: CollectionPath,
    _caller: MayRead,
    body: Annotated[
        Submission[ClusterOptions], Depends(submission(ClusterOptions, OPTIONAL_IMAGES))
    ],
    services: Provided,
) -> ClusterReport:
    """Group 2 to 64 images, or the stored probes, by person, and say who each person is.

    Two groups are joined where at most `max_fmr` of strangers are as near to each other.
    """
    images = [(image.filename or f"images[{i}]", image.data) for i, image in enumerate(body.images)]
    return views.clusters(services.clusters.group(collection_id, images, body.fields))


@router.post(
    "/collections/{collection_id}/feedback",
    status_code=201,
    response_model=FeedbackView,
    responses=documented(404, 409, 415),
    openapi_extra=described(FeedbackOptions, OPTIONAL_IMAGE),
)
def give_feedback(
    collection_id: CollectionPath,
    caller: MayEnroll,
    body: Annotated[
        Submission[FeedbackOptions], Depends(submission(FeedbackOptions, OPTIONAL_IMAGE))
    ],
    services: Provided,
    idempotency_key: IdempotencyKey = None,
) -> Response | FeedbackView:
    """Report that a face of an identified image is, or is not, of a person.

    Instead of an image, `probe_id` of an identification names a stored probe.
    The embedding is kept, the image is not. A later verdict on the same image replaces the first.
    A face reported `not_them` is never named as that person again; more such reports than the
    stated rate allows raise the threshold. `them` is kept for evaluation.
    """
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
    image = body.images[0].data if body.images else None
    return answer_once(
        services.receipts,
        ticket,
        lambda keep: render.feedback(
            services.feedback.give(
                collection_id,
                body.fields,
                image,
                lambda session, given, *rows: keep(session, render.feedback(given), *rows),
                caller=caller,
            )
        ),
    )


@router.get("/collections/{collection_id}/threshold", responses=documented(404, 409))
def threshold(
    collection_id: CollectionPath,
    _caller: MayRead,
    services: Provided,
) -> ThresholdView:
    """The present similarity above which strangers are named at a rate of at most `target_fpir`.

    `evidence` has the threshold of the bundle's calibration alone, the statistics of the gallery's
    own people, and a `warning` where the two are far apart.
    """
    return services.thresholds.threshold(collection_id)


@router.get("/models", responses=documented())
def models(_caller: MayKnowModel, services: Provided) -> ModelList:
    """The model bundle that this service runs."""
    return services.models.list()
