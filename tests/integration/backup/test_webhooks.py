"""Webhooks are in a backup, and what they have of events is not."""

from pathlib import Path
from typing import Any

import pytest

from app.auth.principal import INSIDE
from app.bootstrap import Container
from app.core.clock import SystemClock
from app.core.paging import Paging
from app.receipts.keeping import keep_nothing
from app.webhooks.deliveries import Deliveries
from app.webhooks.schemas import NewWebhook
from tests.integration.backup.archives import backed_up, imported, restored
from tests.support.services import enrol

pytestmark = pytest.mark.both_databases
NEW = {"url": "https://hooks.invalid/", "secrets": ["KITH_SECRET_UNSET"]}


@pytest.fixture
def hooked(service: Container) -> Container:
    """A webhook of ``hq`` and one of the site, with something to send; nobody sends it."""
    service.services.webhooks.sender.stop()
    for more in ({"collection_id": "hq"}, {}):
        new = NewWebhook.model_validate(NEW | more)
        service.services.webhooks.endpoints.create(new, INSIDE, keep_nothing)
    enrol(service, "eve", 5, "hq")
    return service


def waiting(service: Container) -> dict[str, list[str]]:
    """By collection of each webhook, the sources of what it is sent next."""
    deliveries = Deliveries(service.database, SystemClock())
    found: dict[str, list[str]] = {}
    ids = {each["id"]: each["collection_id"] for each in webhooks(service)}
    for key in deliveries.due():
        batch = deliveries.claim(key)
        assert batch is not None
        assert batch.source is not None
        found.setdefault(str(ids[batch.webhook_id]), []).append(batch.source)
    return found


def webhooks(service: Container) -> list[dict[str, Any]]:
    items = service.services.webhooks.endpoints.list(Paging(10, 0), INSIDE).items
    return [each.model_dump() for each in items]


def test_a_restored_webhook_begins_with_what_happens_then(
    hooked: Container, tmp_path: Path
) -> None:
    before = webhooks(hooked)
    hq = "/kith/collections/hq"
    assert waiting(hooked) == {"hq": [hq], "None": [hq]}
    backed_up(hooked.database, tmp_path / "kith.zip")
    restored(hooked.database, tmp_path / "kith.zip", replace=True)
    assert webhooks(hooked) == before
    assert waiting(hooked) == {}
    enrol(hooked, "fay", 6, "lab")
    assert waiting(hooked) == {"None": ["/kith/collections/lab"]}


def test_an_imported_collection_has_a_webhook_of_its_own(hooked: Container, tmp_path: Path) -> None:
    backed_up(hooked.database, tmp_path / "hq.zip", "hq")
    imported(hooked.database, tmp_path / "hq.zip", new_id="copy")
    first, _, copied = webhooks(hooked)
    assert copied["id"] not in (first["id"], "")
    names = {"id", "collection_id"}
    assert {k: v for k, v in copied.items() if k not in names} == {
        k: v for k, v in first.items() if k not in names
    }
    enrol(hooked, "fay", 6, "copy")
    assert waiting(hooked)["copy"] == ["/kith/collections/copy"]
