"""The services that the CompreFace-compatible routes use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.compreface.subjects import SubjectService
from app.recognition.services import RecognitionServices
from app.web.services import provided


@dataclass(frozen=True, kw_only=True)
class CompreFaceServices(RecognitionServices):
    """Those of recognition, and subjects."""

    subjects: SubjectService


Provided = Annotated[CompreFaceServices, Depends(provided)]
