"""Rules. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime

from kith_client.model import Model


class RuleView(Model):
    """A group may pass a door, or every door of a zone, while a schedule is open.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    group_id: The group that may pass.
    door_id: The door; null where the rule is for a zone.
    zone_id: The zone; null where the rule is for a door.
    schedule_id: The schedule that says when.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    group_id: str
    door_id: str | None
    zone_id: str | None
    schedule_id: str
