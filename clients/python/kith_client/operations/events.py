"""Events. Written by ``make client`` from the service's OpenAPI document."""

from typing import Any

from kith_client.calls import Call, call
from kith_client.methods import method, streaming
from kith_client.models import Events


class EventsRoutes:
    """A method for each route of ``events``."""

    @method
    def list_events(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        collection: str | None = None,
        door: str | None = None,
        types: str | None = None,
    ) -> Call[Events]:
        """The events after one that you have, or from the oldest on. None is passed by, however
        many write at once.

        after: Id of the last event that you have.
        limit: Most events.
        collection: Only what belongs to this collection.
        door: Only what happens at this door of `collection`.
        types: Only these types, such as `door.decision,door.action`.
        """
        return call(
            Events,
            "GET",
            "/v1/events",
            query={
                "after": after,
                "limit": limit,
                "collection": collection,
                "door": door,
                "types": types,
            },
        )

    @streaming
    def stream_events(
        self,
        *,
        collection: str | None = None,
        door: str | None = None,
        types: str | None = None,
        last_event_id: str | None = None,
    ) -> Call[Any]:
        """The events after the one of `Last-Event-ID`, or from now on, as they happen: server-
        sent events whose `data` is an event. At its end ask again with the last id that you
        have.

        collection: Only what belongs to this collection.
        door: Only what happens at this door of `collection`.
        types: Only these types, such as `door.decision,door.action`.
        last_event_id: Id of the last event that you have.
        """
        return call(
            Any,
            "GET",
            "/v1/events/stream",
            query={"collection": collection, "door": door, "types": types},
            headers={"last-event-id": last_event_id},
        )
