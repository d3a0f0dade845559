"""``/v1/audit``, for administrators, and ``/v1/events``, for other systems."""

from typing import Annotated

from fastapi import Query

from app.audit.events import Events
from app.audit.schemas import AuditRowView
from app.audit.service import Wanted
from app.audit.services import Provided
from app.auth.guard import MayAdminister, MayRead
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.web.fields import Instant, WholeText
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room

router = room("audit", "/v1")


@router.get("/audit", responses=documented())
def list_audit(
    caller: MayAdminister,
    services: Provided,
    paging: Paged,
    collection: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="Only what belongs to this collection.")
    ] = None,
    start: Annotated[
        Instant | None, Query(alias="from", description="Only what happened then or later.")
    ] = None,
    end: Annotated[
        Instant | None, Query(alias="to", description="Only what happened before.")
    ] = None,
) -> Page[AuditRowView]:
    """The rows of the audit, oldest first. A bound key sees those of its collections alone."""
    return services.audit.list(Wanted(collection, start, end), paging, caller)


@router.get("/events", responses=documented())
def list_events(
    caller: MayRead,
    services: Provided,
    after: Annotated[
        str | None,
        Query(pattern=ID_PATTERN, description="Id of the last event that you have."),
    ] = None,
    limit: Annotated[WholeText, Query(ge=1, le=1000, description="Most events.")] = 100,
) -> Events:
    """The events after one that you have, or from the oldest on. None is passed by, however many
    write at once.
    """
    return services.audit.events.after(after, limit, caller)
