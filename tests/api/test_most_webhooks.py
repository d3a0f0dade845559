"""There are 64 webhooks at most, however many are made at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import build
from app.settings import Settings
from app.trail.models import Chain
from app.webhooks.service import MOST_WEBHOOKS
from tests.api.support import made, make_collection, ok, problem
from tests.support.client import client_of
from tests.support.databases import wait_for_locks
from tests.support.receivers import SECRET

OWNERS: Final = "hq", "lab"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_SECRET_HOOK", SECRET)


def asked(client: TestClient, owner: str) -> httpx.Response:
    hook = {"url": "https://desk.example.com", "secrets": ["KITH_SECRET_HOOK"]}
    answer: httpx.Response = client.post("/webhooks", json={**hook, "collection_id": owner})
    return answer


def all_but_one(client: TestClient) -> None:
    for owner in OWNERS:
        make_collection(client, owner)
    for number in range(MOST_WEBHOOKS - 1):
        made(asked(client, OWNERS[number % 2]))


def test_one_more_than_the_most_is_refused(client: TestClient) -> None:
    all_but_one(client)
    made(asked(client, "hq"))
    problem(asked(client, "lab"), 409, "conflict")


@pytest.mark.on_postgresql
def test_of_two_that_are_made_at_once_for_one_place_one_is_refused(settings: Settings) -> None:
    service = build(settings)
    with client_of(service) as client, ThreadPoolExecutor(2) as others:
        all_but_one(client)
        with service.database.write() as session:
            assert session.scalars(select(Chain).with_for_update()).all()
            answers = [others.submit(asked, client, owner) for owner in OWNERS]
            wait_for_locks(service.database, len(answers))  # to write to the audit, or to count
        assert sorted(each.result().status_code for each in answers) == [201, 409]
        assert len(ok(client.get("/webhooks"))["items"]) == MOST_WEBHOOKS
