"""``POST /v1/collections/{c}/sync``: the people of another system, all at once."""

from collections.abc import Sequence
from typing import Annotated, Final

from anyio import to_thread
from fastapi import Depends, Query, Request

from app.access.services import Provided
from app.access.sync_lines import LineReader
from app.access.sync_plan import NumberedLine
from app.access.sync_schemas import MissingPolicy, SyncLine, SyncView
from app.auth.guard import MayEnroll
from app.errors import UnsupportedMediaType
from app.gallery.fields import CollectionPath
from app.web.fields import SwitchText
from app.web.headers import check_codings, check_length, content_type
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, described

NDJSON: Final = "application/x-ndjson"
_AT_ONCE: Final = 64 * 1024
"""Bytes that a thread parses at once."""

router = room("persons", "/v1/collections/{collection_id}")


async def _lines(request: Request, services: Provided) -> Sequence[NumberedLine]:
    """The lines of the body, parsed while they come."""
    kind = content_type(request.headers)
    check_codings(request.headers)
    if kind.value != NDJSON:
        raise UnsupportedMediaType(
            f"The content type {kind.value or '(none)'!r} is not read here; send {NDJSON}, one "
            "JSON object a line."
        )
    reader, pending, received = LineReader(services.sync.most_lines), bytearray(), 0
    async for chunk in request.stream():
        received += len(chunk)
        pending += chunk
        if len(pending) >= _AT_ONCE:
            await to_thread.run_sync(reader.feed, bytes(pending))
            pending.clear()
    check_length(request.headers, received)
    await to_thread.run_sync(reader.feed, bytes(pending))
    return await to_thread.run_sync(reader.end)


def _body() -> dict[str, object]:
    """The description of the body: that of one line."""
    body = described(SyncLine, NO_IMAGES)["requestBody"]
    (content,) = body["content"].values()
    return {"requestBody": {**body, "content": {NDJSON: content}}}


@router.post("/sync", responses=documented(404, 409, 415), openapi_extra=_body())
def sync_persons(
    collection_id: CollectionPath,
    _caller: MayEnroll,
    lines: Annotated[Sequence[NumberedLine], Depends(_lines)],
    services: Provided,
    dry_run: Annotated[  # noqa: FBT002 - a parameter of the address
        SwitchText, Query(description="Whether to compare alone and change nothing.")
    ] = False,
    missing: Annotated[
        MissingPolicy,
        Query(
            description="What happens to people with an external id whom the file leaves out: "
            "`keep` them as they are, or `suspend` them."
        ),
    ] = "keep",
    max_change: Annotated[
        float,
        Query(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="Largest share of the people with an external id who are not suspended yet "
            "that may be suspended at once; a sync that would suspend more changes nothing (409).",
        ),
    ] = 0.2,
) -> SyncView:
    """Bring people in line with the file of another system, which has one JSON object a line (the
    schema is that of a line): all of it, or nothing.
    """
    return services.sync.run(
        collection_id, lines, dry_run=dry_run, missing=missing, max_change=max_change
    )
