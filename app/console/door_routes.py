"""The pages of doors: their decisions as they happen, with reasons; schedules, actions and
lock-down.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel
from starlette.responses import Response

from app.access.door_schemas import DoorPatch
from app.actions.routes import ActionPath, DoorPath
from app.audit.events import EventFilter, shown
from app.audit.routes import LastEventId
from app.audit.streams import Stream
from app.auth.principal import INSIDE
from app.console.guard import MayAdminister, MayRead
from app.console.refusals import PageRoute
from app.console.sent import checked, instant
from app.console.services import WHOLE, Provided
from app.console.visits import Visit
from app.console.weeks import week_of
from app.console.words import MODES, door_reason, said, tries
from app.core.ids import ID_PATTERN
from app.core.preconditions import IfMatch
from app.gallery.fields import CollectionPath
from app.trail.events import DecisionEvent
from app.web.fields import Instant
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/doors", PageRoute)
_LATEST: Final = 20
_DECISIONS: Final = frozenset({"door.decision"})


class _At(BaseModel):
    """The time that an explanation is asked for."""

    at: Instant


@router.get("")
def show_doors(collection_id: CollectionPath, visit: MayRead, services: Provided) -> Response:
    """The doors and what they decide from now on."""
    return visit.page("doors.html", doors=services.doors.list(collection_id, WHOLE).items)


@router.get("/of/{door_id}")
def show_door(
    collection_id: CollectionPath,
    door_id: DoorPath,
    visit: MayRead,
    services: Provided,
    person: Annotated[str, Query(pattern=f"^$|{ID_PATTERN}")] = "",
    at: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """One door: its newest decisions with their reasons, its actions, and an explanation of what it
    decides for a person at a time.
    """
    door = services.doors.get(collection_id, door_id)
    asked = services.door_questions.explain(
        collection_id, door_id, person or None, at=None if not at else _instant(at)
    )
    actions = services.actions.list(collection_id, door_id, WHOLE).items if visit.may() else []
    return visit.page(
        "door.html",
        door=door,
        person=person,
        at=at,
        asked=asked,
        actions=actions,
        decided=services.door_log.latest(collection_id, door_id, _LATEST),
        why=lambda code: door_reason(visit.language, code),
        tries=tries,
        modes=said(visit.language, MODES),
    )


@router.post("/of/{door_id}/actions/{action_id}/test")
def try_action(
    collection_id: CollectionPath,
    door_id: DoorPath,
    action_id: ActionPath,
    visit: MayAdminister,
    services: Provided,
) -> Response:
    """Send an action now, to the real device, and show what the device answered."""
    result, at = services.actions.test(collection_id, door_id, action_id)
    return visit.page("action_tested.html", door_id=door_id, id=action_id, result=result, at=at)


@router.get("/schedules")
def show_schedules(
    collection_id: CollectionPath, visit: MayRead, services: Provided, paging: Paged
) -> Response:
    """The schedules, each as a picture of its week, and the rules that they are of."""
    return visit.page(
        "schedules.html",
        found=services.schedules.list(collection_id, paging),
        week_of=lambda each: week_of(each, visit.language.code),
        rules=services.rules.list(collection_id, WHOLE).items,
    )


@router.post("/{door_id}/lockdown")
def lock_down(
    collection_id: CollectionPath, door_id: DoorPath, visit: MayAdminister, services: Provided
) -> Response:
    """Lock a door down, or lift the lock-down, at whatever revision the door is."""
    patch = DoorPatch(locked_down=visit.sent.is_on("locked_down"))
    services.doors.update(collection_id, door_id, patch, IfMatch(None))
    return visit.go(f"/c/{collection_id}/doors")


async def _stream(
    collection_id: CollectionPath,
    visit: MayRead,
    services: Provided,
    last_event_id: LastEventId = None,
) -> AsyncIterator[Stream]:
    asked = EventFilter(collection_id, None, _DECISIONS)
    opened = services.event_streams.open(
        last_event_id, visit.caller or INSIDE, visit.token, asked, check=services.sessions.find
    )
    async with opened as stream:
        yield stream


@router.get("/live", response_class=EventSourceResponse)
async def follow(
    visit: MayRead, services: Provided, stream: Annotated[Stream, Depends(_stream)]
) -> AsyncIterator[ServerSentEvent]:
    """Send each decision as a part of the page, until the session ends; a browser that comes back
    goes on where it was.
    """
    yield ServerSentEvent(comment="open", id=stream.last_id)
    async for each in services.event_streams.follow(stream):
        event = shown(each.id, each.body)
        if isinstance(event, DecisionEvent):
            yield ServerSentEvent(raw_data=_part(visit, event), event="decision", id=each.id)


def _instant(text: str) -> datetime:
    """The value of an input of date and time, which is in UTC."""
    return checked(_At, {"at": instant(text)}).at


def _part(visit: Visit, event: DecisionEvent) -> str:
    """A decision as one line of HTML: a line break would begin another field of the stream."""
    why = door_reason(visit.language, event.data.reason)
    return " ".join(visit.part("decision_part.html", event=event, why=why).split())
