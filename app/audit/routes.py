"""``/v1/audit``, for administrators, and ``/v1/events``, for other systems."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.audit.events import EventFilter, Events
from app.audit.schemas import AuditRowView
from app.audit.service import Wanted
from app.audit.services import Provided
from app.audit.streams import Stream
from app.auth.guard import MayAdminister, MayRead, Presented
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.web.fields import WHOLE_TEXT, Instant
from app.web.paging import Paged
from app.web.problems import documented
from app.web.rooms import room

router = room("audit", "/v1")
events = room("events", "/v1")
_RETRY_MS: Final = 2000
"""How long a client waits before it comes back."""


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


def _filter(
    collection: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="Only what belongs to this collection.")
    ] = None,
    door: Annotated[
        str | None,
        Query(pattern=ID_PATTERN, description="Only what happens at this door of `collection`."),
    ] = None,
    types: Annotated[
        str | None,
        Query(
            max_length=1000, description="Only these types, such as `door.decision,door.action`."
        ),
    ] = None,
) -> EventFilter:
    return EventFilter(collection, door, None if types is None else frozenset(types.split(",")))


Filter = Annotated[EventFilter, Depends(_filter)]


@events.get("/events", responses=documented(404))
def list_events(
    caller: MayRead,
    services: Provided,
    asked: Filter,
    after: Annotated[
        str | None,
        Query(pattern=ID_PATTERN, description="Id of the last event that you have."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most events."), WHOLE_TEXT] = 100,
) -> Events:
    """The events after one that you have, or from the oldest on. None is passed by, however many
    write at once.
    """
    return services.audit.events.after(after, limit, caller, asked)


LastEventId = Annotated[
    str | None, Header(pattern=ID_PATTERN, description="Id of the last event that you have.")
]


async def _stream(
    caller: MayRead,
    presented: Presented,
    services: Provided,
    asked: Filter,
    last_event_id: LastEventId = None,
) -> AsyncIterator[Stream]:
    streams = services.event_streams
    async with streams.open(last_event_id, caller, presented, asked) as stream:
        yield stream


_PARTS: Final = {
    "data": "An event as JSON; a part without it says that the stream is open.",
    "event": "Never sent: each event says its `type` itself.",
    "id": "Id of the event, for `Last-Event-ID`.",
    "retry": "Milliseconds after which to come back.",
}
_DESCRIBED: Final = {name: {"description": text} for name, text in _PARTS.items()}
_ITEMS: Final = {"content": {"text/event-stream": {"itemSchema": {"properties": _DESCRIBED}}}}


@events.get(
    "/events/stream",
    response_class=EventSourceResponse,
    responses=documented(404),
    openapi_extra={"responses": {"200": _ITEMS}},
)
async def stream_events(
    services: Provided, stream: Annotated[Stream, Depends(_stream)]
) -> AsyncIterator[ServerSentEvent]:
    """The events after the one of `Last-Event-ID`, or from now on, as they happen: server-sent
    events whose `data` is an event. At its end ask again with the last id that you have.
    """
    yield ServerSentEvent(comment="open", id=stream.last_id, retry=_RETRY_MS)
    async for each in services.event_streams.follow(stream):
        yield ServerSentEvent(raw_data=each.body, id=each.id)
