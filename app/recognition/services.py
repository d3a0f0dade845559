"""The services that the routes of recognition use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.recognition.clusters import ClusterService
from app.recognition.detect import DetectionService
from app.recognition.distances import DistanceService
from app.recognition.feedback import FeedbackService
from app.recognition.identify import IdentificationService
from app.recognition.model_service import ModelService
from app.recognition.thresholds import ThresholdService
from app.recognition.verify import VerificationService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class RecognitionServices(WebServices):
    """The services that answer about faces."""

    identification: IdentificationService
    detection: DetectionService
    verification: VerificationService
    distances: DistanceService
    clusters: ClusterService
    feedback: FeedbackService
    thresholds: ThresholdService
    models: ModelService


Provided = Annotated[RecognitionServices, Depends(provided)]
