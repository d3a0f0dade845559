"""The services that the routes of recognition use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.recognition.clusters import ClusterService
from app.recognition.distances import DistanceService
from app.recognition.feedback import FeedbackService
from app.recognition.models import ModelService
from app.recognition.service import RecognitionService
from app.recognition.thresholds import ThresholdService
from app.recognition.verification import VerificationService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class RecognitionServices(WebServices):
    """Everything that answers about faces."""

    recognition: RecognitionService
    verification: VerificationService
    distances: DistanceService
    clusters: ClusterService
    feedback: FeedbackService
    thresholds: ThresholdService
    models: ModelService


Provided = Annotated[RecognitionServices, Depends(provided)]
