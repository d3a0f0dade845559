"""Zones. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime

from kith_client.model import Model


class ZoneView(Model):
    """A part of the site.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    locked_down: Whether Kith grants at none of its doors.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    locked_down: bool
