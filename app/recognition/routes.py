"""``/v1``: identify, verify, compare, detect, embeddings, distances, the threshold, the models."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.auth.guard import (
    MayAdminister,
    MayDecide,
    MayEnroll,
    MayIdentify,
    MayKnowModel,
    MayRead,
)
from app.gallery.fields import CollectionPath, PersonPath
from app.recognition.clusters import ClusterService
from app.recognition.distances import DistanceService
from app.recognition.feedback import FeedbackService
from app.recognition.models import ModelService
from app.recognition.schemas import (
    ClusterOptions,
    ClusterReport,
    CompareOptions,
    Comparison,
    Detection,
    DetectOptions,
    DistanceMatrix,
    DistanceOptions,
    EmbeddingOptions,
    EmbeddingView,
    FeedbackOptions,
    FeedbackView,
    Identification,
    IdentifyOptions,
    ModelList,
    ThresholdView,
    Verification,
    VerifyOptions,
)
from app.recognition.service import RecognitionService
from app.recognition.thresholds import ThresholdService
from app.recognition.verification import VerificationService
from app.web.idempotency import IdempotencyKey, Receipts, ticket_for
from app.web.problems import documented
from app.web.services import provided
from app.web.uploads import (
    ONE_IMAGE,
    OPTIONAL_IMAGE,
    OPTIONAL_IMAGES,
    SOURCE_AND_TARGET,
    Submission,
    described,
    submission,
)

router = APIRouter(prefix="/v1", tags=["recognition"])

Recognition = Annotated[RecognitionService, Depends(provided(RecognitionService))]
Verifier = Annotated[VerificationService, Depends(provided(VerificationService))]


@router.post(
    "/collections/{collection_id}/identify",
    responses=documented(404, 409, 415),
    openapi_extra=described(IdentifyOptions, ONE_IMAGE),
)
def identify(
    collection_id: CollectionPath,
    caller: MayDecide,
    body: Annotated[Submission[IdentifyOptions], Depends(submission(IdentifyOptions, ONE_IMAGE))],
    recognition: Recognition,
    request: Request,
) -> Identification:
    """Who is in the image: each face is identified, unknown, ambiguous or rejected."""
    return recognition.identify(
        collection_id,
        body.images[0].data,
        body.fields,
        request_id=request.state.request_id,
        caller=caller,
    )


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
    verification: Verifier,
    request: Request,
) -> Verification:
    """Whether one face of the image, the largest unless `subject` says another, is this person."""
    return verification.verify(
        collection_id,
        person_id,
        body.images[0].data,
        body.fields,
        request_id=request.state.request_id,
        caller=caller,
    )


@router.post(
    "/compare",
    responses=documented(415),
    openapi_extra=described(CompareOptions, SOURCE_AND_TARGET),
)
def compare(
    caller: MayIdentify,
    body: Annotated[
        Submission[CompareOptions], Depends(submission(CompareOptions, SOURCE_AND_TARGET))
    ],
    verification: Verifier,
    request: Request,
) -> Comparison:
    """Whether one face each of two images, the largest unless said otherwise, are one person's."""
    del caller
    source, target = body.images
    return verification.compare(
        source.data, target.data, body.fields, request_id=request.state.request_id
    )


@router.post(
    "/detect", responses=documented(415), openapi_extra=described(DetectOptions, ONE_IMAGE)
)
def detect(
    caller: MayIdentify,
    body: Annotated[Submission[DetectOptions], Depends(submission(DetectOptions, ONE_IMAGE))],
    recognition: Recognition,
    request: Request,
) -> Detection:
    """The faces of the image, largest first, without identities."""
    del caller
    return recognition.detect(body.images[0].data, body.fields, request_id=request.state.request_id)


@router.post(
    "/embeddings",
    responses=documented(415),
    openapi_extra=described(EmbeddingOptions, ONE_IMAGE),
)
def embeddings(
    caller: MayAdminister,
    body: Annotated[Submission[EmbeddingOptions], Depends(submission(EmbeddingOptions, ONE_IMAGE))],
    recognition: Recognition,
    request: Request,
) -> EmbeddingView:
    """The embedding of one face, of unit length: biometric data, for administrators."""
    del caller
    return recognition.embedding(
        body.images[0].data, body.fields, request_id=request.state.request_id
    )


@router.post(
    "/collections/{collection_id}/distances",
    responses=documented(404, 409, 415),
    openapi_extra=described(DistanceOptions, OPTIONAL_IMAGES),
)
def distances(
    collection_id: CollectionPath,
    caller: MayRead,
    body: Annotated[
        Submission[DistanceOptions], Depends(submission(DistanceOptions, OPTIONAL_IMAGES))
    ],
    service: Annotated[DistanceService, Depends(provided(DistanceService))],
) -> DistanceMatrix:
    """The distance matrix of 2 to 64 images, or of persons of the collection."""
    del caller
    images = [(image.filename or f"images[{i}]", image.data) for i, image in enumerate(body.images)]
    return service.matrix(collection_id, images, body.fields)


@router.post(
    "/collections/{collection_id}/clusters",
    responses=documented(404, 409, 415),
    openapi_extra=described(ClusterOptions, OPTIONAL_IMAGES),
)
def cluster(
    collection_id: CollectionPath,
    caller: MayRead,
    body: Annotated[
        Submission[ClusterOptions], Depends(submission(ClusterOptions, OPTIONAL_IMAGES))
    ],
    service: Annotated[ClusterService, Depends(provided(ClusterService))],
) -> ClusterReport:
    """Which of 2 to 64 images, or of the stored probes, are of one person, and who that is.

    Two groups are joined where at most `max_fmr` of strangers are as near to each other.
    """
    del caller
    images = [(image.filename or f"images[{i}]", image.data) for i, image in enumerate(body.images)]
    return service.group(collection_id, images, body.fields)


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
    feedback: Annotated[FeedbackService, Depends(provided(FeedbackService))],
    receipts: Annotated[Receipts, Depends(provided(Receipts))],
    idempotency_key: IdempotencyKey = None,
) -> Response | FeedbackView:
    """Say that a face of an image that was identified is, or is not, of a person.

    Or a stored probe, by the `probe_id` that its identification gave.
    The embedding is kept, the image is not. A later verdict on the same image replaces the first.
    `not_them` is never named as that person again, and raises the threshold where more of them come
    than the stated rate allows; `them` is kept for evaluation.
    """
    ticket = ticket_for(caller.id, idempotency_key, lambda: body.fingerprint)
    image = body.images[0].data if body.images else None
    return receipts.once(
        ticket,
        lambda keep: feedback.give(collection_id, body.fields, image, keep, caller=caller),
    )


@router.get("/collections/{collection_id}/threshold", responses=documented(404, 409))
def threshold(
    collection_id: CollectionPath,
    caller: MayRead,
    service: Annotated[ThresholdService, Depends(provided(ThresholdService))],
) -> ThresholdView:
    """The similarity above which a stranger is named at most `target_fpir` of the time, now.

    `evidence` shows the threshold of the bundle's calibration alone beside it, what the gallery's
    own people say, and a `warning` where the two are far apart.
    """
    del caller
    return service.threshold(collection_id)


@router.get("/models", responses=documented())
def models(
    caller: MayKnowModel, service: Annotated[ModelService, Depends(provided(ModelService))]
) -> ModelList:
    """The model bundle that this service runs."""
    del caller
    return service.list()
