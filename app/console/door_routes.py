"""Doors: what they decide, as it happens, and their lock-down."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from app.access.door_schemas import DoorPatch
from app.audit.events import EventFilter
from app.audit.streams import Stream
from app.auth.principal import INSIDE
from app.console.guard import MayAdminister, MayRead
from app.console.refusals import PageRoute
from app.console.services import Provided
from app.console.visits import Visit
from app.console.words import door_reason
from app.core.paging import Paging
from app.core.preconditions import IfMatch
from app.gallery.fields import CollectionPath
from app.trail.events import EVENT, DecisionEvent
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/doors", PageRoute)
_ALL: Final = Paging(1000, 0)
_DECISIONS: Final = frozenset({"door.decision"})


@router.get("")
def show_doors(collection_id: CollectionPath, visit: MayRead, services: Provided) -> Response:
    """The doors and what they decide from now on."""
    return visit.page("doors.html", doors=services.doors.list(collection_id, _ALL).items)


@router.post("/{door_id}/lockdown")
def lock_down(
    collection_id: CollectionPath, door_id: str, visit: MayAdminister, services: Provided
) -> Response:
    """Lock a door down, or lift the lock-down, at whatever revision the door is."""
    patch = DoorPatch(locked_down=visit.sent.is_on("locked_down"))
    services.doors.update(collection_id, door_id, patch, IfMatch(None))
    return visit.go(f"/c/{collection_id}/doors")


async def _stream(
    collection_id: CollectionPath, visit: MayRead, services: Provided
) -> AsyncIterator[Stream]:
    asked = EventFilter(collection_id, None, _DECISIONS)
    opened = services.event_streams.open(
        None, visit.caller or INSIDE, visit.token, asked, check=services.sessions.find
    )
    async with opened as stream:
        yield stream


@router.get("/live", response_class=EventSourceResponse)
async def follow(
    visit: MayRead, services: Provided, stream: Annotated[Stream, Depends(_stream)]
) -> AsyncIterator[ServerSentEvent]:
    """Each decision as a part of the page, until the session ends."""
    yield ServerSentEvent(comment="open")
    async for each in services.event_streams.follow(stream):
        event = EVENT.validate_json(each.body)
        if isinstance(event, DecisionEvent):
            yield ServerSentEvent(raw_data=_shown(visit, event), event="decision")


def _shown(visit: Visit, event: DecisionEvent) -> str:
    """A decision as one line of HTML: a line break would begin another field of the stream."""
    why = door_reason(visit.language, event.data.reason)
    return " ".join(visit.part("decision_part.html", event=event, why=why).split())
