"""A service with two collections, whose webhooks a test sends itself, batch by batch."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.auth.principal import INSIDE
from app.bootstrap import Container, build
from app.core.paging import Paging
from app.core.preconditions import ANY
from app.gallery.collection_schemas import NewCollection
from app.receipts.keeping import keep_nothing
from app.settings import Settings
from app.trail.recording import record
from app.webhooks.calls import Attempt, Outcome
from app.webhooks.deliveries import Batch, Deliveries, Tried
from app.webhooks.schemas import NewWebhook, ReplayFields, WebhookPatch
from tests.api.support import FakeClock


@pytest.fixture
def service(settings: Settings, clock: FakeClock) -> Iterator[Container]:
    """A service with two collections, whose own sender is not started."""
    service = build(settings, clock)
    for each in ("staff", "other"):
        service.services.collections.create(NewCollection(id=each), keep_nothing)
    yield service
    service.database.close()


@pytest.fixture
def deliveries(service: Container, clock: FakeClock) -> Deliveries:
    return Deliveries(service.database, clock)


def hook(service: Container, **fields: Any) -> str:  # noqa: ANN401
    body = {"url": "http://a.example/", "secrets": ["KITH_SECRET_HOOK"]}
    new = NewWebhook.model_validate(body | fields)
    return service.services.webhooks.endpoints.create(new, INSIDE, keep_nothing).id


def happens(service: Container, clock: FakeClock, *keys: str) -> None:
    """Keys are made, each of which is an event of the site."""
    for each in keys:
        with service.database.write() as session:
            record(session, None, "key.created", ("key", each), now=clock.now())


def taken(deliveries: Deliveries) -> Batch:
    """The next batch of the only endpoint that has something to send."""
    (key,) = deliveries.due()
    batch = deliveries.claim(key)
    assert batch is not None
    return batch


def settle(
    deliveries: Deliveries,
    batch: Batch,
    delivered: int,
    outcome: Outcome | None = None,
    **of: Any,  # noqa: ANN401
) -> None:
    """The first ``delivered`` of a batch were taken; ``outcome`` is that of the next."""
    parcels = batch.parcels
    failure = outcome and Tried(parcels[delivered], Attempt(outcome, error="it failed", **of))
    deliveries.settle(batch, parcels[:delivered], failure or None)


def subjects(batch: Batch) -> list[str]:
    return [each.body.partition('"subject":"')[2].partition('"')[0] for each in batch.parcels]


def letters(service: Container, path: str) -> list[tuple[str, int]]:
    found = service.services.webhooks.endpoints.letters(path, Paging(100, 0), INSIDE)
    return [(each.event_id, each.attempts) for each in found.items]


def replay(service: Container, path: str, **what: Any) -> int:  # noqa: ANN401
    fields = ReplayFields.model_validate(what)
    return service.services.webhooks.endpoints.replay(path, fields, INSIDE)


def turn(service: Container, path: str, **changes: Any) -> None:  # noqa: ANN401
    patch = WebhookPatch.model_validate(changes)
    service.services.webhooks.endpoints.update(path, patch, ANY, INSIDE)
