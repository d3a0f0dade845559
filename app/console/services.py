"""The services that the pages of the console use."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends

from app.access.services import AccessServices
from app.actions.services import ActionServices
from app.audit.services import AuditServices
from app.auth.services import AuthServices
from app.core.paging import Paging
from app.doors.services import DoorServices
from app.gallery.services import GalleryServices
from app.maintenance.services import MaintenanceServices
from app.observability.services import OperationsServices
from app.recognition.services import RecognitionServices
from app.web.services import provided
from app.webhooks.services import WebhookServices

WHOLE: Final = Paging(1000, 0)
"""A list that a page shows without a second one: its first 1,000 items."""


@dataclass(frozen=True, kw_only=True)
class ConsoleServices(
    AuthServices,
    GalleryServices,
    RecognitionServices,
    AccessServices,
    ActionServices,
    DoorServices,
    AuditServices,
    WebhookServices,
    OperationsServices,
    MaintenanceServices,
):
    """The services of the rooms that the console shows."""


Provided = Annotated[ConsoleServices, Depends(provided)]
