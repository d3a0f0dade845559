"""A key or a collection is deleted while a request that refers to it waits for that: the request is
answered as after the deletion.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import delete, update

from app.auth.models import ApiKey
from app.bootstrap import build
from app.gallery.models import Collection
from app.settings import Settings
from app.trail.models import Chain
from tests.api.console import Visitor
from tests.api.support import made, make_collection, ok
from tests.support.client import client_of
from tests.support.databases import wait_for_locks
from tests.support.server import ADMIN_KEY

pytestmark = pytest.mark.on_postgresql


def test_a_key_that_is_revoked_while_somebody_signs_in_with_it_begins_no_session(
    settings: Settings,
) -> None:
    service = build(settings)
    with client_of(service) as client, ThreadPoolExecutor(1) as another:
        key = made(client.post("/keys", json={"scopes": ["admin"]}))["key"]
        with service.database.write() as session:
            session.execute(delete(ApiKey))
            asked = another.submit(Visitor(client).sign_in, key)
            wait_for_locks(service.database, 1)
        answer: httpx.Response = asked.result()
        assert answer.status_code == 401, answer.text
        assert "revoked" in answer.text


def test_of_a_collection_that_is_deleted_an_anchor_names_the_chain_alone(
    settings: Settings,
) -> None:
    service = build(settings)
    with client_of(service) as client, ThreadPoolExecutor(1) as another:
        make_collection(client, "hq")
        make_collection(client, "lab")
        visitor = Visitor(client)
        visitor.sign_in(ADMIN_KEY)
        with service.database.write() as session:
            gone = update(Chain).where(Chain.collection_id == "hq").values(collection_key=None)
            session.execute(gone)
            session.execute(delete(Collection).where(Collection.id == "hq"))
            asked = another.submit(visitor.post, "/audit/anchor")
            wait_for_locks(service.database, 1)
        answer = asked.result()
        assert answer.status_code == 200, answer.text
        admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
        anchors = client.get("/events", params={"types": "audit.anchor"}, headers=admin)
        events = ok(anchors)["items"]
        assert {each["data"]["collection_id"] for each in events} == {None, "hq", "lab"}
        assert None not in {each["data"]["at"] for each in events}
