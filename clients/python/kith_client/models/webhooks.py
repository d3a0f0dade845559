"""Webhooks. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from kith_client.model import Model
from kith_client.models.common import TlsField


class DeadLetterView(Model):
    """An event that the endpoint did not take in all attempts.

    event_id: Id of the event.
    source: Where it happened.
    type: What happened.
    died_at: When the last attempt failed.
    attempts: Attempts so far.
    status: The status that the endpoint answered; null: none.
    error: What went wrong at the last attempt.
    replaying: Whether it is to be sent again.
    """

    event_id: str
    source: str
    type: str
    died_at: datetime
    attempts: int
    status: int | None
    error: str
    replaying: bool


class PingView(Model):
    """The result of a test.

    event_id: Id of the event that was sent: its `webhook-id`.
    outcome: `delivered`: the endpoint took it; `gone`: it answered 410; `refused`: with another
        status than 200 to 299; `unanswered`: it may have it, and did not answer in time;
        `failed`: nothing was sent; `unfit`: a secret is missing or wrong.
    status: Status of the answer; null: none.
    ms: Milliseconds that it took.
    error: What went wrong; null: nothing.
    at: When it was sent, UTC.
    """

    event_id: str
    outcome: Literal["delivered", "gone", "refused", "unanswered", "failed", "unfit"] | str
    status: int | None
    ms: int
    error: str | None
    at: datetime


class ReplayView(Model):
    """The events that are sent again.

    events: Events that are sent again.
    """

    events: int


class WebhookView(Model):
    """An endpoint that gets events.

    id: Its id.
    collection_id: Id of the collection; null: the whole site.
    name: Its name for people; null: none.
    url: Where events go.
    types: The types of events; null: all.
    doors: Ids of doors; null: all, and people.
    secrets: Names of the secrets that sign.
    tls: Whom to trust; null: the machine's.
    include: `name`: events have names of persons.
    enabled: Off: nothing is sent.
    disabled_reason: `gone`: the endpoint answered 410; null where it is on.
    unfit: Why the process that answers can sign nothing now: a secret is missing or wrong.
        Null: it can sign.
    revision: Counts its changes; its `ETag`.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str | None
    name: str | None
    url: str
    types: list[str] | None
    doors: list[str] | None
    secrets: list[str]
    tls: TlsField | None
    include: list[Literal["name"]]
    enabled: bool
    disabled_reason: Literal["administrator", "gone"] | str | None
    unfit: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
