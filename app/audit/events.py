"""Reads events in the order in which they were committed."""

from typing import Final

from pydantic import BaseModel, Field

from app.auth.principal import Principal, Scope
from app.core.db import Database
from app.errors import FieldError, InvalidRequest
from app.trail import event_repository
from app.trail.events import EVENT, EventView

_NO_SUCH_EVENT: Final = "no event of this id is kept; leave it out to begin with the oldest that is"


class Events(BaseModel):
    """Events in their order."""

    items: list[EventView] = Field(description="The events after `after`; at most `limit`.")
    more: bool = Field(description="Whether there are more: ask again after the last of these.")


class EventService:
    """The events that a caller may read. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, event_id: str | None, limit: int, caller: Principal) -> Events:
        """The events after this one, or the oldest; ``InvalidRequest`` where it is not kept.

        A bound key reads those of its collections; those of keys are for unbound administrators.
        """
        only = caller.collection_keys
        of_site = only is None and Scope.ADMIN in caller.scopes
        with self._database.read() as session:
            position = 0
            if event_id is not None:
                found = event_repository.position_of(session, event_id, only)
                if found is None:
                    wrong = FieldError("after", _NO_SUCH_EVENT)
                    raise InvalidRequest(f"after: {_NO_SUCH_EVENT}.", errors=[wrong])
                position = found
            bodies = event_repository.following(
                session, position, only, of_site=of_site, limit=limit + 1
            )
        items = [EVENT.validate_json(body) for body in bodies[:limit]]
        return Events(items=items, more=len(bodies) > limit)
