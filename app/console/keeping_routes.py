"""The pages of the audit, with its anchors, and of backups."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Annotated, Final

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from app.audit.service import Wanted
from app.auth.principal import INSIDE
from app.console.guard import MayAdminister, MayAdministerEverything
from app.console.refusals import PageRoute
from app.console.sent import checked, instant
from app.console.services import WHOLE, Provided
from app.console.visits import HEADERS
from app.core.ids import ID_PATTERN
from app.trail.anchors import anchor_line
from app.web.fields import Instant
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console", PageRoute)
_CHUNK: Final = 1 << 18
_Moment = Annotated[str, Query(max_length=32)]


class _Times(BaseModel):
    """The bounds of the rows' time."""

    since: Instant | None = None
    until: Instant | None = None


@router.get("/audit")
def show_audit(
    visit: MayAdminister,
    services: Provided,
    paging: Paged,
    collection: Annotated[str, Query(pattern=f"^$|{ID_PATTERN}")] = "",
    since: _Moment = "",
    until: _Moment = "",
) -> Response:
    """The rows of the audit, oldest first: all of them, or those of one collection or time."""
    times = checked(_Times, {"since": instant(since), "until": instant(until)})
    wanted = Wanted(collection or None, times.since, times.until)
    found = services.audit.list(wanted, paging, visit.caller or INSIDE)
    asked = {"collection": collection, "since": since, "until": until}
    return visit.page("audit.html", found=found, asked=asked)


@router.post("/audit/anchor")
def anchor(visit: MayAdministerEverything, services: Provided) -> Response:
    """The newest row of every chain, to be kept in another place."""
    at, anchors = services.audit.anchor()
    return visit.page("anchored.html", line=anchor_line(at, anchors))


@router.get("/backup")
def show_backup(visit: MayAdministerEverything, services: Provided) -> Response:
    """The time of the last backup made here, and the form for another."""
    return visit.page(
        "backup.html",
        last=services.backups.last(),
        collections=services.collections.list(WHOLE, only=None).items,
    )


@router.post("/backup")
def make_backup(visit: MayAdministerEverything, services: Provided) -> Response:
    """A backup as a file; it is not kept here."""
    collection_id = visit.sent.text("collection") or None
    with ExitStack() as opened:
        stream = opened.enter_context(services.backups.made(collection_id))
        size, kept = stream.seek(0, 2), opened.pop_all()
    stream.seek(0)
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="kith-{collection_id or "all"}.zip"',
        "Content-Length": str(size),
    }
    return StreamingResponse(_chunks(stream, kept), media_type="application/zip", headers=headers)


def _chunks(stream: IO[bytes], opened: ExitStack) -> Iterator[bytes]:
    with opened:
        while chunk := stream.read(_CHUNK):
            yield chunk
