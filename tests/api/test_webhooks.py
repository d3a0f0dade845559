"""Endpoints get events in order, at least once, and none is lost in silence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from standardwebhooks import WebhookVerificationError

from app.bootstrap import Container, build
from app.settings import Settings
from app.webhooks import sender
from app.webhooks.deliveries import Deliveries
from tests.api.console import Visitor
from tests.api.support import FakeClock, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.receivers import SECRET, Receiver, Reply
from tests.support.server import ADMIN_KEY
from tests.support.waiting import wait_for

ANY = {"If-Match": "*"}
UNSETTLED = """CREATE TRIGGER unsettled BEFORE UPDATE OF sent_to ON webhook_lanes
WHEN new.sent_to <> old.sent_to AND new.webhook_key = 1
BEGIN SELECT RAISE(ABORT, 'it cannot be written down'); END"""
"""The first endpoint took an event, and the progress of its lane cannot be written to the
database."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.up()
    yield receiver
    receiver.let_go.set()
    receiver.down()


@pytest.fixture
def service(settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Container:
    monkeypatch.setenv("KITH_SECRET_HOOK", SECRET)
    monkeypatch.setattr(sender, "_POLL_SECONDS", 0.01)
    return build(settings.model_copy(update={"egress_allow": "127.0.0.1"}), clock)


@pytest.fixture
def client(service: Container) -> Iterator[TestClient]:
    with client_of(service) as client:
        yield client


def hook(client: TestClient, receiver: Receiver, name: str = "hook", **fields: Any) -> str:  # noqa: ANN401
    """Make an endpoint at the path of its name."""
    new = {"name": name, "url": receiver.url(f"/{name}"), "secrets": ["KITH_SECRET_HOOK"]}
    return f"/webhooks/{made(client.post('/webhooks', json=new | fields))['id']}"


def enrol(client: TestClient, staff: str, *ids: str) -> None:
    for each in ids:
        made(client.post(f"{staff}/persons", json={"id": each}))


def subjects(receiver: Receiver, path: str = "/hook") -> list[str]:
    return [each["subject"] for each in receiver.events(path)]


def tries(receiver: Receiver, number: int, path: str = "/hook") -> None:
    """Wait for that many requests at a path."""
    wait_for(lambda: len(receiver.at(path)) >= number)


def run(service: Container, statement: str) -> None:
    with service.database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.both_databases
def test_an_endpoint_gets_the_events_from_then_on_in_order(
    client: TestClient, receiver: Receiver
) -> None:
    staff, other = make_collection(client), make_collection(client, "other")
    enrol(client, staff, "before")
    hook(client, receiver)
    hook(client, receiver, "staff", collection_id="staff", types=["person.created"])
    enrol(client, staff, "p1", "p2", "p3")
    enrol(client, other, "q1")
    assert client.delete(f"{staff}/persons/p1").status_code == 204
    key = made(client.post("/keys", json={"scopes": ["read"]}))["id"]
    wait_for(lambda: len(receiver.events()) == 6)
    wait_for(lambda: len(receiver.events("/staff")) == 3)
    assert subjects(receiver, "/staff") == ["p1", "p2", "p3"]
    assert {*subjects(receiver)} == {"p1", "p2", "p3", "q1", key}
    lane = [each for each in receiver.events() if each["source"] == "/kith/collections/staff"]
    assert [(each["type"], each["subject"], each["sequence"]) for each in lane] == [
        ("person.created", "p1", "000000000002"),
        ("person.created", "p2", "000000000003"),
        ("person.created", "p3", "000000000004"),
        ("person.erased", "p1", "000000000005"),
    ]
    kept = {each["id"]: each for each in ok(client.get("/events"))["items"]}
    assert all(kept[each["id"]] == each for each in receiver.events())
    assert {each.headers["content-type"] for each in receiver.got} == {
        "application/cloudevents+json"
    }
    assert all(each.headers["webhook-id"] == each.event["id"] for each in receiver.got)


def test_an_event_of_this_process_waits_for_no_poll(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_SECRET_HOOK", SECRET)
    monkeypatch.setattr(sender, "_POLL_SECONDS", 3600)
    with client_of(build(settings.model_copy(update={"egress_allow": "127.0.0.1"}))) as client:
        staff = make_collection(client)
        hook(client, receiver)
        for number in range(5):
            enrol(client, staff, f"p{number}")
            tries(receiver, number + 1)


def test_two_secrets_sign_during_a_rotation_and_another_verifies_nothing(
    client: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    clock.forward(datetime.now(UTC) - clock.now())  # a verifier looks at the time
    newer = "whsec_" + "bmV3ZXItc2VjcmV0LW9mLTI0LWJ5dGVzLW9yLW1vcmU="
    monkeypatch.setenv("KITH_SECRET_NEWER", newer)
    staff = make_collection(client)
    path = hook(client, receiver)
    enrol(client, staff, "p1")
    tries(receiver, 1)
    ok(client.patch(path, json={"secrets": ["KITH_SECRET_NEWER", "KITH_SECRET_HOOK"]}, headers=ANY))
    enrol(client, staff, "p2")
    tries(receiver, 2)
    first, second = receiver.got
    assert first.verify()["subject"] == "p1"
    assert second.verify() == second.verify(newer)
    with pytest.raises(WebhookVerificationError):
        first.verify(newer)
    forged = second._replace(body=second.body.replace(b"p2", b"p9"))
    with pytest.raises(WebhookVerificationError):
        forged.verify()


def test_410_turns_the_endpoint_off_and_others_hear_of_it(
    client: TestClient, receiver: Receiver
) -> None:
    staff = make_collection(client)
    path = hook(client, receiver, "gone", types=["person.created"])
    hook(client, receiver, "other", types=["webhook.disabled"])
    receiver.reply["/gone"] = Reply(410)
    enrol(client, staff, "p1")
    wait_for(lambda: len(receiver.events("/other")) == 1)
    (event,) = receiver.events("/other")
    assert (event["source"], event["subject"]) == ("/kith", path.rpartition("/")[2])
    assert event["data"]["disabled_reason"] == "gone"
    found = client.get(path)
    assert (ok(found)["enabled"], ok(found)["disabled_reason"]) == (False, "gone")
    receiver.reply.clear()
    enrol(client, staff, "p2")
    ok(client.patch(path, json={"enabled": True}, headers={"If-Match": found.headers["etag"]}))
    wait_for(lambda: subjects(receiver, "/gone") == ["p1", "p2"])
    assert len(receiver.at("/gone")) == 3


def test_retry_after_pauses_every_lane_of_the_endpoint(
    client: TestClient, receiver: Receiver, clock: FakeClock
) -> None:
    staff, other = make_collection(client), make_collection(client, "other")
    hook(client, receiver)
    receiver.reply["/hook"] = Reply(429, {"Retry-After": "3600"})
    enrol(client, staff, "p1")
    settled(client, "refused", 1)
    receiver.reply.clear()
    clock.forward(timedelta(seconds=3500))
    hook(client, receiver, "free")
    enrol(client, other, "p2")
    wait_for(lambda: subjects(receiver, "/free") == ["p2"])
    assert len(receiver.at("/hook")) == 1
    clock.forward(timedelta(seconds=101))
    wait_for(lambda: sorted(subjects(receiver)) == ["p1", "p2"])


@pytest.mark.both_databases
def test_an_endpoint_goes_with_its_collection(client: TestClient, receiver: Receiver) -> None:
    staff = make_collection(client)
    once = {"Idempotency-Key": "once"}
    new = {"url": receiver.url(), "secrets": ["KITH_SECRET_HOOK"], "collection_id": "staff"}
    first = made(client.post("/webhooks", json=new, headers=once))
    again = client.post("/webhooks", json=new, headers=once)
    assert (made(again), again.headers["Idempotent-Replayed"]) == (first, "true")
    enrol(client, staff, "p1")
    tries(receiver, 1)
    problem(client.delete(staff), 409, "conflict")
    assert client.delete(f"{staff}?force=true").status_code == 204
    assert ok(client.get("/webhooks"))["items"] == []
    make_collection(client)
    second = made(client.post("/webhooks", json=new, headers=once))
    assert second["id"] != first["id"]


def test_no_redirect_is_followed(client: TestClient, receiver: Receiver) -> None:
    staff = make_collection(client)
    hook(client, receiver)
    receiver.reply["/hook"] = Reply(307, {"Location": receiver.url("/elsewhere")})
    enrol(client, staff, "p1")
    settled(client, "refused", 1)
    assert receiver.at("/elsewhere") == []


def test_an_endpoint_that_hangs_delays_no_other_and_no_request(
    client: TestClient, receiver: Receiver
) -> None:
    staff = make_collection(client)
    for name in ("hangs", "hangs-too"):
        hook(client, receiver, name)
        receiver.holds.add(f"/{name}")
    hook(client, receiver)
    enrol(client, staff, *(f"p{place}" for place in range(5)))
    wait_for(lambda: len(receiver.events()) == 5)
    assert len(receiver.at("/hangs")) == len(receiver.at("/hangs-too")) == 1


def test_an_endpoint_rests_where_what_it_took_cannot_be_written_down(
    client: TestClient,
    service: Container,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would get the same event some twenty times a second, for as long as that is so."""
    monkeypatch.setattr(sender, "_RESTS", (0.0, 3600.0))
    staff = make_collection(client)
    hook(client, receiver)
    hook(client, receiver, "other")
    run(service, UNSETTLED)
    for number in range(5):  # each is a look of the sender
        enrol(client, staff, f"p{number}")
        tries(receiver, number + 1, "/other")
    tries(receiver, 2)
    enrol(client, staff, "last")
    tries(receiver, 6, "/other")
    assert [each.event["subject"] for each in receiver.at("/hook")].count("p0") == 2


def test_an_endpoint_that_rested_gets_what_waits_in_order(
    client: TestClient,
    service: Container,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "_RESTS", (0.01,))
    staff = make_collection(client)
    hook(client, receiver)
    run(service, UNSETTLED)
    enrol(client, staff, "p0", "p1")
    tries(receiver, 3)
    run(service, "DROP TRIGGER unsettled")
    enrol(client, staff, "p2")
    wait_for(lambda: subjects(receiver) == ["p0", "p1", "p2"])


def test_a_webhook_says_which_secret_is_missing_until_it_is_there(
    client: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITH_SECRET_HOOK")
    new = {"url": receiver.url(), "secrets": ["KITH_SECRET_HOOK"]}
    answer = made(client.post("/webhooks", json=new))
    assert "the secret KITH_SECRET_HOOK is not set" in answer["unfit"]
    path = f"/webhooks/{answer['id']}"
    assert ok(client.get("/webhooks"))["items"] == [ok(client.get(path))] == [answer]
    assert ok(client.patch(path, json={"name": "hook"}, headers=ANY))["unfit"] == answer["unfit"]
    page = Visitor(client)
    page.sign_in()
    for shown in ("/webhooks", path):
        assert "the secret KITH_SECRET_HOOK is not set" in page.get(shown).text
    monkeypatch.setenv("KITH_SECRET_HOOK", SECRET)
    key = {"Authorization": f"Bearer {ADMIN_KEY}"}
    assert ok(client.get(path, headers=key))["unfit"] is None
    assert "Nothing can be sent" not in page.get(path).text


def test_a_private_address_and_a_missing_secret_are_said_by_a_test(
    client: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hook(client, receiver)
    sent = ok(client.post(f"{path}/test"))
    assert (sent["outcome"], sent["status"], sent["error"]) == ("delivered", 204, None)
    (got,) = receiver.got
    assert (got.event["type"], got.event["sequence"]) == ("webhook.ping", "000000000000")
    assert got.event["id"] == sent["event_id"]
    monkeypatch.setenv("KITH_SECRET_HOOK", "hunter2")
    unfit = ok(client.post(f"{path}/test"))
    assert unfit["outcome"] == "unfit"
    assert "KITH_SECRET_HOOK must be whsec_" in unfit["error"]
    assert "hunter2" not in unfit["error"]
    monkeypatch.setenv("KITH_SECRET_HOOK", SECRET)
    url = {"url": "http://nowhere.invalid/"}
    ok(client.patch(path, json=url, headers=ANY))
    assert ok(client.post(f"{path}/test"))["outcome"] == "failed"
    private = client.patch(path, json={"url": "http://10.0.0.7/"}, headers=ANY)
    assert wrong_fields(private) == ["url"]
    assert "KITH_EGRESS_ALLOW" in private.text
    assert len(receiver.got) == 1


def test_a_bound_key_administers_the_endpoints_of_its_collections_alone(
    client: TestClient, receiver: Receiver
) -> None:
    make_collection(client)
    make_collection(client, "other")
    site = hook(client, receiver, "site")
    others = hook(client, receiver, "theirs", collection_id="other")
    key = made(client.post("/keys", json={"scopes": ["admin"], "collections": ["staff"]}))["key"]
    bound = {"Authorization": f"Bearer {key}"}
    new = {"url": receiver.url(), "secrets": ["KITH_SECRET_HOOK"]}
    assert wrong_fields(client.post("/webhooks", json=new, headers=bound)) == ["collection_id"]
    theirs = new | {"collection_id": "other"}
    problem(client.post("/webhooks", json=theirs, headers=bound), 403, "forbidden")
    mine = made(client.post("/webhooks", json=new | {"collection_id": "staff"}, headers=bound))
    assert ok(client.get("/webhooks", headers=bound))["items"] == [mine]
    for path in (site, others):
        problem(client.get(path, headers=bound), 404, "not_found")
        problem(client.post(f"{path}/test", headers=bound), 404, "not_found")
        problem(client.delete(path, headers=bound | ANY), 404, "not_found")
    assert client.delete(f"/webhooks/{mine['id']}", headers=bound | ANY).status_code == 204


def test_what_makes_no_sense_is_refused_by_its_field(
    client: TestClient, receiver: Receiver
) -> None:
    make_collection(client)
    new = {"url": receiver.url(), "secrets": ["KITH_SECRET_HOOK"]}
    wrong: dict[str, list[dict[str, Any]]] = {
        "url": [{"url": "ftp://a.example/"}, {"url": "http://u:p@a.example/"}, {"url": "http://"}],
        "secrets": [{"secrets": []}, {"secrets": ["KITH_SECRET_A"] * 2}],
        "secrets[0]": [{"secrets": ["KITH_ADMIN_KEY"]}],
        "types[0]": [{"types": ["person.deleted"]}, {"types": ["webhook.ping"]}],
        "doors": [{"doors": ["front"]}, {"doors": []}],
        "doors[0]": [{"doors": ["front"], "collection_id": "staff"}],
    }
    for field, bodies in wrong.items():
        for body in bodies:
            assert wrong_fields(client.post("/webhooks", json=new | body)) == [field], body
    nowhere = client.post("/webhooks", json=new | {"collection_id": "nowhere"})
    problem(nowhere, 404, "not_found")
    path = hook(client, receiver)
    problem(client.patch(path, json={}), 428, "precondition_required")
    stale = client.patch(path, json={}, headers={"If-Match": '"7"'})
    problem(stale, 412, "precondition_failed")
    for body in ({}, {"all": True, "from": "evt-1"}):
        assert client.post(f"{path}/replay", json=body).status_code == 422
    assert wrong_fields(client.post(f"{path}/replay", json={"from": "evt-1"})) == ["from"]
    problem(client.post(f"{path}/replay", json={"event_id": "evt-1"}), 404, "not_found")


def settled(client: TestClient, outcome: str, attempts: int) -> None:
    """Wait until that many attempts of an outcome were counted, and written down."""

    def counted() -> bool:
        text = client.get("http://kith/metrics").text
        return f'kith_webhook_attempts_total{{outcome="{outcome}"}} {attempts}.0' in text

    wait_for(counted)


@pytest.mark.both_databases
def test_an_endpoint_whose_row_somebody_changed_keeps_no_event_from_another(
    client: TestClient, service: Container, receiver: Receiver, clock: FakeClock
) -> None:
    staff = make_collection(client)
    spoilt = hook(client, receiver, "spoilt").rpartition("/")[2]
    whole = hook(client, receiver).rpartition("/")[2]
    run(service, f"UPDATE webhooks SET content = '{{}}' WHERE id = '{spoilt}'")  # noqa: S608
    enrol(client, staff, "p1", "p2")
    wait_for(lambda: subjects(receiver) == ["p1", "p2"])
    assert receiver.at("/spoilt") == []
    lags = Deliveries(service.database, clock).lags()
    assert lags == {spoilt: 0.0, whole: 0.0}
    clock.forward(timedelta(days=1000))
    service.jobs.run("events")
    assert ok(client.get("/events"))["items"] == []
