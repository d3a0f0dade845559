"""Actions of a door: put, read, listed, deleted, tried out against a device of this machine."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.sites import make_site
from tests.api.support import FakeClock, make_collection, ok, problem
from tests.api.support import wrong_fields as wrong
from tests.support.client import client_of
from tests.support.devices.base import PASSWORD, USER
from tests.support.devices.makers import Intercom2N, NodeRed, Tasmota

pytestmark = pytest.mark.both_databases

HQ = "/collections/hq"
ACTIONS = f"{HQ}/doors/front/actions"
UNLOCK = f"{ACTIONS}/unlock"
SECRET = "KITH_SECRET_DEVICE"
OPEN: dict[str, Any] = {
    "kind": "http",
    "url": "http://127.0.0.1:9/kith/granted",
    "body": '{"door":"{{door.ref.acs}}","card":"{{person.credentials.acs}}"}',
    "auth": {"kind": "basic", "secret": SECRET},
}
WHOLE: dict[str, Any] = {
    "id": "unlock",
    "collection_id": "hq",
    "door_id": "front",
    "name": None,
    "enabled": True,
    "on": ["granted"],
    "method": "POST",
    "topic": None,
    "headers": {},
    "content_type": "application/json",
    "expect": None,
    "tls": None,
    "timeout_ms": 1500,
    "unfit": None,
    "created_at": "2026-05-04T12:00:00Z",
    "updated_at": "2026-05-04T12:00:00Z",
}


@pytest.fixture
def client(
    settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    monkeypatch.setenv(SECRET, f"{USER}:{PASSWORD}")
    allowed = settings.model_copy(update={"egress_allow": "127.0.0.0/8"})
    with client_of(build(allowed, clock)) as client:
        make_collection(client, "hq")
        make_site(client, HQ)
        yield client


def test_an_action_is_put_read_listed_replaced_and_deleted(client: TestClient) -> None:
    auth = {"kind": "basic", "secret": SECRET, "login": None}
    answer = client.put(UNLOCK, json=OPEN)
    assert ok(answer) == {**WHOLE, **OPEN, "auth": auth}
    assert ok(client.get(UNLOCK)) == ok(answer)
    assert ok(client.get(ACTIONS))["items"] == [ok(answer)]
    shorter = {"kind": "http", "url": "http://127.0.0.1/", "name": "Short"}
    replaced = ok(client.put(UNLOCK, json=shorter))
    assert (replaced["name"], replaced["body"], replaced["auth"]["kind"]) == ("Short", None, "none")
    assert client.delete(UNLOCK).status_code == 204
    problem(client.get(UNLOCK), 404, "not_found")
    assert ok(client.get(ACTIONS))["items"] == []


def test_an_action_says_what_is_wrong_with_its_secret_until_it_is_right(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET)
    made = ok(client.put(UNLOCK, json=OPEN))
    assert f"the secret {SECRET} is not set" in made["unfit"]
    assert ok(client.get(ACTIONS))["items"] == [ok(client.get(UNLOCK))] == [made]
    monkeypatch.setenv(SECRET, "hunter2")
    unfit = ok(client.get(UNLOCK))["unfit"]
    assert "user:password" in unfit
    assert "hunter2" not in unfit
    monkeypatch.setenv(SECRET, f"{USER}:{PASSWORD}")
    monkeypatch.setenv(f"{SECRET}_HOSTS", "10.0.0.20")
    assert "is not for 127.0.0.1" in ok(client.get(UNLOCK))["unfit"]
    monkeypatch.delenv(f"{SECRET}_HOSTS")
    assert ok(client.get(UNLOCK)) == made | {"unfit": None}


def test_a_door_has_a_bounded_number_of_actions(client: TestClient) -> None:
    for number in range(16):
        ok(client.put(f"{ACTIONS}/a{number}", json=OPEN))
    problem(client.put(f"{ACTIONS}/a16", json=OPEN), 409, "conflict")
    ok(client.put(f"{ACTIONS}/a15", json=OPEN))


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://127.0.0.1/{{person.name}}"}, "url"),
        ({"body": "{{settings.admin_key}}"}, "body"),
        ({"body": '{"a":"{{door.ref.other}}"}'}, "body"),
        ({"body": "{"}, "body"),
        ({"content_type": "text/html"}, "content_type"),
        ({"url": "http://10.0.0.7/"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "http://[::ffff:169.254.169.254]/"}, "url"),
        ({"url": "http://2130706433/"}, "url"),
        ({"url": "http://0.0.0.0/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "http://user:password@127.0.0.1/"}, "url"),
        ({"headers": {"Host": "evil"}}, "headers"),
        ({"headers": {"Authorization": "Bearer abc"}}, "headers"),
        ({"headers": {"X": "a\r\nY: b"}}, "headers"),
        ({"headers": {"X": "{{nothing}}"}}, "headers"),
        ({"auth": {"kind": "basic", "secret": "KITH_ADMIN_KEY"}}, "auth.secret"),
        ({"auth": {"kind": "basic", "secret": "KITH_DATABASE_URL"}}, "auth.secret"),
        ({"auth": {"kind": "basic", "secret": "KITH_SECRET_A_HOSTS"}}, "auth.secret"),
        ({"auth": {"kind": "basic"}}, "auth"),
        ({"auth": {"kind": "login", "secret": SECRET}}, "auth"),
        ({"auth": {}, "body": '{"a":"{{secret}}"}'}, "body"),
        (
            {
                "auth": {
                    "kind": "login",
                    "secret": SECRET,
                    "login": {"url": "http://127.0.0.2/login"},
                }
            },
            "auth.login.url",
        ),
        (
            {
                "auth": {
                    "kind": "login",
                    "secret": SECRET,
                    "login": {
                        "url": "http://127.0.0.1/login",
                        "take": {"json": "token"},
                        "give": "Host",
                    },
                }
            },
            "auth.login",
        ),
        ({"tls": {"sha256": "0" * 64}}, "tls"),
        ({"url": "https://127.0.0.1/", "tls": {"ca": "no certificate"}}, "tls.ca"),
        ({"url": "https://127.0.0.1/", "tls": {"ca": "-----BEGIN Zoë"}}, "tls.ca"),
        ({"url": "https://127.0.0.1/", "tls": {"ca": "a\0"}}, "tls.ca"),
        ({"body": "a\0b", "content_type": "text/plain"}, "body"),
        ({"url": "https://127.0.0.1/", "tls": {}}, "tls"),
        ({"topic": "a/b"}, "topic"),
        ({"kind": "mqtt", "url": "mqtt://127.0.0.1", "auth": {}}, "topic"),
        ({"kind": "mqtt", "url": "mqtt://127.0.0.1/a", "auth": {}, "topic": "a"}, "url"),
        ({"kind": "mqtt", "url": "mqtt://127.0.0.1", "auth": {}, "topic": "a/#"}, "topic"),
        ({"on": ["denied"]}, "on[0]"),
        ({"timeout_ms": 60_000}, "timeout_ms"),
        ({"secret": "value"}, "secret"),
    ],
)
def test_what_could_not_be_sent_or_would_go_astray_is_refused(
    client: TestClient, change: dict[str, Any], field: str
) -> None:
    assert wrong(client.put(UNLOCK, json=OPEN | change)) == [field]
    assert ok(client.get(ACTIONS))["items"] == []


def test_a_test_says_what_happened_and_no_secret(client: TestClient) -> None:
    with NodeRed().running() as device:
        ok(client.put(UNLOCK, json=OPEN | {"url": f"{device.origin}/kith/granted"}))
        answer = client.post(f"{UNLOCK}/test")
        result = ok(answer)
    assert (result["outcome"], result["status"], result["error"]) == ("done", 200, None)
    assert result["ms"] >= 0
    assert result["request_id"] == answer.headers["x-request-id"]
    assert device.opened == [{"door": "R-1", "card": "0"}]
    assert PASSWORD not in answer.text


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("path", "change", "why"),
    [
        ("doors/front", {"locked_down": True}, "door 'front' is in lock-down"),
        ("zones/lobby", {"locked_down": True}, "zone 'lobby' is in lock-down"),
        ("doors/front", {"enabled": False}, "door 'front' is disabled"),
    ],
)
def test_no_test_moves_a_lock_that_nobody_is_to_open(
    client: TestClient, path: str, change: dict[str, bool], why: str
) -> None:
    with NodeRed().running() as device:
        ok(client.put(UNLOCK, json=OPEN | {"url": f"{device.origin}/kith/granted"}))
        ok(client.patch(f"{HQ}/{path}", json=change, headers={"If-Match": "*"}))
        assert why in problem(client.post(f"{UNLOCK}/test"), 409, "conflict")["detail"]
    assert device.opened == []
    assert "action.tested" not in client.get("/audit").text


@pytest.mark.parametrize(
    ("change", "secret", "outcome", "status", "error"),
    [
        ({}, "kith:wrong", "refused", 401, "the device answered 401"),
        ({"url": "/elsewhere"}, f"{USER}:{PASSWORD}", "refused", 404, "the device answered 404"),
        ({}, None, "unfit", None, "the secret KITH_SECRET_DEVICE is not set"),
        ({}, "no colon", "unfit", None, "user:password"),
    ],
)
def test_a_test_that_fails_says_why(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    secret: str | None,
    outcome: str,
    status: int | None,
    error: str,
) -> None:
    monkeypatch.delenv(SECRET) if secret is None else monkeypatch.setenv(SECRET, secret)
    with NodeRed().running() as device:
        url = f"{device.origin}{change.get('url', '/kith/granted')}"
        ok(client.put(UNLOCK, json=OPEN | {"url": url}))
        result = ok(client.post(f"{UNLOCK}/test"))
    assert (result["outcome"], result["status"]) == (outcome, status)
    assert error in result["error"]
    assert device.opened == []


def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_dialled(
    settings: Settings, clock: FakeClock
) -> None:
    with NodeRed().running() as device, client_of(build(settings, clock)) as client:
        make_collection(client, "hq")
        make_site(client, HQ)
        url = device.origin.replace("127.0.0.1", "localhost")
        ok(client.put(UNLOCK, json={"kind": "http", "url": f"{url}/kith/granted"}))
        result = ok(client.post(f"{UNLOCK}/test"))
    assert result["outcome"] == "failed"
    assert "KITH_EGRESS_ALLOW does not name it" in result["error"]
    assert device.refused == 0


def test_a_device_that_answers_200_and_did_nothing_is_not_done(client: TestClient) -> None:
    with Intercom2N().running() as device:
        url = f"{device.origin}/api/accesspoint/grantaccess?id=0&user={{{{credential.2n}}}}"
        action = OPEN | {"method": "GET", "url": url, "body": None}
        action |= {"auth": {"kind": "digest", "secret": SECRET}}
        ok(client.put(UNLOCK, json=action | {"expect": {"json": "success", "equals": True}}))
        result = ok(client.post(f"{UNLOCK}/test"))
    assert (result["outcome"], result["status"]) == ("refused", 200)
    assert result["error"] == "the device's answer does not say success = true"
    assert device.opened == []


def test_an_action_goes_with_its_door(client: TestClient) -> None:
    ok(client.put(UNLOCK, json=OPEN))
    assert client.delete(f"{HQ}/rules/r", headers={"If-Match": "*"}).status_code == 204
    assert client.delete(f"{HQ}/doors/front", headers={"If-Match": "*"}).status_code == 204
    problem(client.get(UNLOCK), 404, "not_found")


def test_no_secret_is_in_the_log_whatever_its_level(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with Tasmota().running() as device:
        query = "user={{secret.user}}&password={{secret.password}}&cmnd=Power%20On"
        action = {"kind": "http", "method": "GET", "url": f"{device.origin}/cm?{query}"}
        auth = {"kind": "none", "secret": SECRET}
        ok(client.put(UNLOCK, json=action | {"auth": auth}))
        assert ok(client.post(f"{UNLOCK}/test"))["outcome"] == "done"
    assert device.opened == ["relay"]
    assert "action.tested" in caplog.text
    assert PASSWORD not in caplog.text
    assert "ss%20word" not in caplog.text
