"""Reads events in the order in which they were committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.auth.principal import Principal, Scope
from app.core.db import Database
from app.errors import FieldError, InvalidRequest, NotFound
from app.trail import event_repository, repository
from app.trail.event_repository import Wanted
from app.trail.events import EVENT, KEPT_TYPES, EventView, source_in

BEGINNING: Final = "beginning"
"""Stands for the id of an event before all others, for a client that has had none yet."""
_NO_SUCH_EVENT: Final = "no event of this id is kept; leave it out to begin with the oldest that is"
_NO_SUCH_ID: Final = "no event of this id is kept; read /v1/events from the oldest on, then go on"

_log = structlog.get_logger()


class Events(BaseModel):
    """Events in their order."""

    items: list[EventView] = Field(description="The events after `after`; at most `limit`.")
    more: bool = Field(description="Whether there are more: ask again after the last of these.")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which of the events that a caller may read are asked for: of a collection, of a door of it,
    of these types; None is any.
    """

    collection: str | None = None
    door: str | None = None
    types: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """``InvalidRequest`` for a combination that could never find an event."""
        if self.door is not None and self.collection is None:
            raise _refused("door", "a door is one of a collection; name that too")
        if unknown := sorted((self.types or frozenset()) - set(KEPT_TYPES)):
            message = f"there is no type {unknown[0]!r}; there are {', '.join(KEPT_TYPES)}"
            raise _refused("types", message)


@dataclass(frozen=True, slots=True)
class Stored:
    """An event at its position, with its body as JSON."""

    position: int
    id: str
    type: str
    body: str


class EventService:
    """The events that a caller may read. Thread-safe.

    A bound key reads those of its collections; those of keys are for unbound administrators.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(
        self, event_id: str | None, limit: int, caller: Principal, asked: EventFilter
    ) -> Events:
        """The events after this one, or from the oldest on; ``InvalidRequest`` where it is not
        kept.
        """
        with self._database.read() as session:
            wanted = _wanted(session, caller, asked)
            position = 0
            if event_id is not None:
                position = _position(session, event_id, caller, "after", _NO_SUCH_EVENT)
            rows = event_repository.following(session, position, wanted, limit=limit + 1)
        items = [each for row in rows[:limit] if (each := shown(row.id, row.body)) is not None]
        return Events(items=items, more=len(rows) > limit)

    def begin(
        self, last_id: str | None, caller: Principal, asked: EventFilter
    ) -> tuple[int, str, Wanted]:
        """Find where a stream goes on: after the event ``last_id``, or else after the newest.
        Returns its position, an id that stands for it, and a filter of the stream's events.

        The id is that of the newest event that the caller may see, in the stream or not: the last
        event of a quiet stream may be deleted before its next one comes.
        """
        with self._database.read() as session:
            wanted = _wanted(session, caller, asked)
            if last_id is not None:
                position = _position(session, last_id, caller, "Last-Event-ID", _NO_SUCH_ID)
                if event_repository.following(session, position, wanted, limit=1):
                    return position, last_id, wanted
            position = event_repository.newest(session)
            newest = event_repository.newest_id(
                session, caller.collection_keys, of_site=_of_site(caller)
            )
        return position, newest or BEGINNING, wanted

    def newest(self) -> int:
        """The position of the newest event of all."""
        with self._database.read() as session:
            return event_repository.newest(session)

    def following(self, position: int, wanted: Wanted, limit: int) -> tuple[Sequence[Stored], int]:
        """Events after ``position``, and up to where that is all of them."""
        with self._database.read() as session:
            newest = event_repository.newest(session)
            rows = event_repository.following(session, position, wanted, limit=limit)
        found = [Stored(row.position, row.id, row.type, row.body) for row in rows]
        if len(found) == limit:
            return found, found[-1].position
        return found, max([newest, *(each.position for each in found)])


def _wanted(session: Session, caller: Principal, asked: EventFilter) -> Wanted:
    only, source = caller.collection_keys, None
    if asked.collection is not None:
        caller.require_collection(asked.collection)
        key = repository.collection_key(session, asked.collection)
        if key is None or (only is not None and key not in only):
            raise NotFound(f"There is no collection {asked.collection!r}.")
        only = frozenset({key})
    if asked.door is not None:
        source = source_in(asked.collection, "door", asked.door)
    return Wanted(only, of_site=_of_site(caller), types=asked.types, source=source)


def _of_site(caller: Principal) -> bool:
    return caller.collection_keys is None and Scope.ADMIN in caller.scopes


def shown(event_id: str, body: str) -> EventView | None:
    """An event; None, and a line in the log, where somebody changed it in the database."""
    try:
        return EVENT.validate_json(body)
    except ValueError:
        _log.error("event.unreadable", event_id=event_id)
        return None


def _position(session: Session, event_id: str, caller: Principal, field: str, message: str) -> int:
    if event_id == BEGINNING:
        return 0
    found = event_repository.position_of(session, event_id, caller.collection_keys)
    if found is None:
        raise _refused(field, message)
    return found


def _refused(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])
