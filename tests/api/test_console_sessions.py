"""The session of the console cannot be forged, fixed, or used for anything else."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.auth.models import ConsoleSession
from app.bootstrap import Container, build
from app.settings import Settings
from tests.api.console import Visitor
from tests.api.support import FakeClock, made, problem
from tests.support.client import Client, client_of
from tests.support.server import ADMIN_KEY

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PREFIX = "/apps/kith"


def new_key(client: TestClient, **fields: object) -> dict[str, str]:
    return made(client.post("/keys", json={"scopes": ["admin"], **fields}, headers=ADMIN))


def test_the_cookie_is_for_the_console_alone_and_no_script_reads_it(visitor: Visitor) -> None:
    cookie = visitor.sign_in().headers["set-cookie"]
    attributes = set(cookie.split("; ")[1:])
    assert cookie.startswith("kith_session=")
    assert attributes == {"HttpOnly", "Max-Age=43200", "Path=/console", "SameSite=strict"}


def test_by_https_the_cookie_never_comes_by_http(settings: Settings) -> None:
    trusting = settings.model_copy(update={"trusted_proxies": "127.0.0.0/8", "root_path": PREFIX})
    with client_of(build(trusting)) as client:
        proxy = Client(client.app, address=("127.0.0.1", 1))
        visitor = Visitor(proxy, root=PREFIX, **{"X-Forwarded-Proto": "https"})
        cookie = visitor.sign_in().headers["set-cookie"]
        assert cookie.startswith("__Secure-kith_session=")
        assert {"Secure", "HttpOnly", f"Path={PREFIX}/console"} <= set(cookie.split("; "))
        stranger = Visitor(client, root=PREFIX, **{"X-Forwarded-Proto": "https"})
        assert stranger.sign_in().headers["set-cookie"].startswith("kith_session=")


def test_below_a_prefix_every_address_has_it(settings: Settings) -> None:
    with client_of(build(settings.model_copy(update={"root_path": PREFIX}))) as client:
        visitor = Visitor(client, root=PREFIX)
        assert visitor.get().headers["location"] == f"{PREFIX}/console/sign-in"
        assert visitor.sign_in().headers["location"] == f"{PREFIX}/console"
        page = visitor.get().text
        assert f'href="{PREFIX}/console/static/' in page
        assert 'href="/console' not in page
        assert 'action="/console' not in page


@pytest.mark.parametrize("language", ["en", "de", "ko"])
def test_the_first_page_says_where_a_key_is_and_no_path(
    visitor: Visitor, settings: Settings, language: str
) -> None:
    page = visitor.get("/sign-in", **{"Accept-Language": language}).text
    assert f'lang="{language}"' in page
    assert "<code>kith serve</code>" in page
    assert "<code>kith keys create</code>" in page
    assert ("says when it starts" in page) == (language == "en")
    assert "admin.key" not in page
    assert str(settings.data_dir) not in page


def test_every_sign_in_has_a_new_token_and_ends_the_session_before(visitor: Visitor) -> None:
    visitor.token = "a-token-of-somebody-else"
    visitor.sign_in()
    first = visitor.token
    visitor.sign_in()
    assert visitor.token not in {first, "a-token-of-somebody-else", ""}
    visitor.token = first
    assert visitor.get().status_code == 303


def test_the_token_is_stored_nowhere(settings: Settings) -> None:
    container = build(settings)
    with client_of(container) as client:
        visitor = Visitor(client)
        visitor.sign_in()
        token = visitor.token
        assert len(token) >= 43
        with container.database.read() as session:
            (row,) = session.scalars(select(ConsoleSession))
        assert row.sha256 == hashlib.sha256(token.encode()).hexdigest()
        admin = hashlib.sha256(ADMIN_KEY.encode()).hexdigest()
        assert token not in str(vars(row))
        assert admin not in str(vars(row))


def test_the_api_takes_no_session_and_the_console_no_key(
    visitor: Visitor, client: TestClient
) -> None:
    visitor.sign_in()
    token = visitor.token
    problem(
        client.get("/collections", headers={"Cookie": f"kith_session={token}"}),
        401,
        "unauthenticated",
    )
    problem(client.get("/collections", headers={"X-API-Key": token}), 401, "unauthenticated")
    client.cookies.clear()
    assert visitor.get(**ADMIN).status_code == 303


def test_a_revoked_key_is_signed_out_at_the_next_request(
    visitor: Visitor, client: TestClient
) -> None:
    key = new_key(client)
    visitor.sign_in(key["key"])
    assert visitor.get().status_code == 200
    assert client.delete(f"/keys/{key['id']}", headers=ADMIN).status_code == 204
    answer = visitor.get("/c/staff/people")
    assert answer.headers["location"] == "/console/sign-in?next=%2Fc%2Fstaff%2Fpeople"
    within = visitor.get("", **{"HX-Request": "true", "HX-Current-URL": "http://kith/console"})
    assert (within.status_code, within.headers["hx-redirect"]) == (401, "/console/sign-in")


@pytest.fixture
def hours(settings: Settings) -> Iterator[tuple[Container, TestClient, FakeClock]]:
    clock = FakeClock()
    container = build(settings, clock)
    with client_of(container) as client:
        yield container, client, clock


def count(container: Container) -> int:
    with container.database.read() as session:
        return session.scalar(select(func.count()).select_from(ConsoleSession)) or 0


def test_a_session_ends_after_an_hour_without_use_and_after_twelve_hours(
    hours: tuple[Container, TestClient, FakeClock],
) -> None:
    container, client, clock = hours
    visitor = Visitor(client)
    visitor.sign_in()
    clock.forward(timedelta(minutes=61))
    assert visitor.get().status_code == 303
    visitor.sign_in()
    for _ in range(14):
        clock.forward(timedelta(minutes=50))
        assert visitor.get().status_code == 200
    clock.forward(timedelta(minutes=21))
    assert visitor.get().status_code == 303
    assert count(container) == 1  # the first was ended by the second sign-in
    container.jobs.run("sessions")
    assert count(container) == 0


def test_a_session_ends_when_its_key_expires(
    hours: tuple[Container, TestClient, FakeClock],
) -> None:
    _, client, clock = hours
    key = new_key(client, expires_at="2026-05-04T12:30:00Z")
    visitor = Visitor(client)
    visitor.sign_in(key["key"])
    assert visitor.get().status_code == 200
    clock.forward(timedelta(minutes=30))
    assert visitor.get().status_code == 303


def test_another_operators_key_ends_the_sessions_of_the_one_before(settings: Settings) -> None:
    with client_of(build(settings)) as client:
        visitor = Visitor(client)
        visitor.sign_in()
        token = visitor.token
    other = Settings(**{**settings.model_dump(), "admin_key": f"{ADMIN_KEY}-another"})
    with client_of(build(other)) as client:
        visitor = Visitor(client)
        visitor.token = token
        assert visitor.get().status_code == 303


def test_the_rate_of_the_key_counts(visitor: Visitor, client: TestClient) -> None:
    visitor.sign_in(new_key(client, rate=2)["key"])
    assert [visitor.get().status_code for _ in range(2)] == [200, 429]
    assert int(visitor.get().headers["retry-after"]) > 0


def test_sign_out_ends_the_session_in_the_database(visitor: Visitor, client: TestClient) -> None:
    visitor.sign_in()
    token = visitor.token
    answer = visitor.post("/sign-out")
    assert answer.headers["location"] == "/console/sign-in"
    assert 'kith_session=""; HttpOnly; Max-Age=0' in answer.headers["set-cookie"]
    visitor.token = token
    assert visitor.get().status_code == 303


def test_a_wrong_key_begins_nothing(visitor: Visitor, client: TestClient) -> None:
    for key in ("", "wrong", "ü" * 30):
        answer = visitor.sign_in(key)
        assert answer.status_code == 401
        assert not visitor.token
    assert "not known" in answer.text


def test_a_key_of_one_collection_sees_no_other(visitor: Visitor, client: TestClient) -> None:
    make = {"json": {"id": "other"}, "headers": ADMIN}
    assert client.post("/collections", **make).status_code == 201
    visitor.sign_in(new_key(client, scopes=["read"], collections=["staff"])["key"])
    page = visitor.get().text
    assert "/console/c/staff/" in page
    assert "/console/c/other/" not in page
    assert visitor.post("/collections", {"id": "third"}).status_code == 403


def test_the_language_is_kept(visitor: Visitor) -> None:
    assert '<html lang="ko">' in visitor.get("/sign-in", **{"Accept-Language": "ko-KR"}).text
    answer = visitor.post("/language", {"language": "de", "next": "/sign-in"})
    assert answer.headers["location"] == "/console/sign-in"
    assert "Anmelden" in visitor.get("/sign-in", **{"Accept-Language": "ko-KR"}).text
    assert visitor.post("/language", {"language": "xx"}).status_code == 422


def test_files_of_the_pages_are_kept_by_a_browser(visitor: Visitor, client: TestClient) -> None:
    page = visitor.get("/sign-in").text
    address = page.partition('href="/console/static/')[2].partition('"')[0]
    answer = visitor.get(f"/static/{address}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert visitor.get("/static/0000000000000000/console.css").status_code == 404


def test_who_signed_in_and_out_is_in_the_audit(client: TestClient, settings: Settings) -> None:
    key = new_key(client)
    visitor = Visitor(client)
    visitor.sign_in("kith_of_nobody")
    visitor.sign_in()
    visitor.sign_in(key["key"])  # ends the session before
    assert visitor.post("/sign-out").headers["location"] == "/console/sign-in"
    rows = client.get("/audit", params={"limit": 1000}, headers=ADMIN).json()["items"]
    mine = [each for each in rows if each["action"].startswith("session.")]
    assert [(each["action"], each["object"]["id"], each["actor"]["key_id"]) for each in mine] == [
        ("session.begun", "operator", "operator"),
        ("session.begun", key["id"], key["id"]),
        ("session.ended", "operator", key["id"]),
        ("session.ended", key["id"], key["id"]),
    ]
    assert {each["object"]["kind"] for each in mine} == {"key"}
    assert {each["collection"] for each in mine} == {None}
    assert all(each["actor"]["client"] and each["actor"]["request_id"] for each in mine)
    assert {str(each["details"]) for each in mine} == {"{}"}


def test_a_service_without_the_console_has_no_page_and_no_session(settings: Settings) -> None:
    with client_of(build(settings.model_copy(update={"console": False}))) as client:
        visitor = Visitor(client)
        assert visitor.sign_in().status_code == 404
        assert [visitor.get(each).status_code for each in ("", "/sign-in", "/x")] == [404] * 3
        assert client.get("/collections", headers=ADMIN).status_code == 200
