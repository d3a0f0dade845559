"""The services that the pages of the console use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.access.services import AccessServices
from app.audit.services import AuditServices
from app.auth.services import AuthServices
from app.gallery.services import GalleryServices
from app.recognition.services import RecognitionServices
from app.web.services import provided


@dataclass(frozen=True, kw_only=True)
class ConsoleServices(
    AuthServices, GalleryServices, RecognitionServices, AccessServices, AuditServices
):
    """The services of the rooms that the console shows."""


Provided = Annotated[ConsoleServices, Depends(provided)]
