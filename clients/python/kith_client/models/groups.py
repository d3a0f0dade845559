"""Groups. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime

from kith_client.model import Model


class GroupView(Model):
    """Persons who may pass the same doors at the same times.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime


class MemberView(Model):
    """A person in a group.

    group_id: Id of the group.
    person_id: Id of the person.
    valid_from: It does not count before, UTC; null: always.
    valid_until: It does not count from then on, UTC; null: it does not end.
    """

    group_id: str
    person_id: str
    valid_from: datetime | None
    valid_until: datetime | None
