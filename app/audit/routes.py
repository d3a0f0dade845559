"""``/v1/audit``: for administrators."""

from typing import Annotated

from fastapi import Query

from app.audit.schemas import AuditRowView
from app.audit.service import Wanted
from app.audit.services import Provided
from app.auth.guard import MayAdminister
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.web.fields import Instant
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room

router = room("audit", "/v1/audit")


@router.get("", responses=documented())
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
