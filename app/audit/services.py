"""The service that the routes of the audit use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.audit.service import AuditService
from app.audit.streams import EventStreams
from app.web.services import provided


@dataclass(frozen=True, kw_only=True)
class AuditServices:
    """The readers of the audit and of events."""

    audit: AuditService
    event_streams: EventStreams


Provided = Annotated[AuditServices, Depends(provided)]
