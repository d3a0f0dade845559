"""The layers around every request: ids, logs, limits, and the last net."""

import logging
from collections.abc import Callable
from typing import Any, cast

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.logging import configure_logging
from app.web.hygiene import OneHost
from app.web.middleware import BodyLimit, LastNet, RequestContext
from tests.support.asgi import Exchange, body, reads_all

SECRET = "the-password-is-in-this-text"


class Observations:
    """Keeps what the middleware reports."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, int]] = []

    def __call__(self, method: str, route: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append((method, route, status))


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("done")(scope, receive, send)


async def crashes(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError(SECRET)


async def crashes_halfway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ZeroDivisionError(SECRET)


async def hangs_up(scope: Scope, receive: Receive, send: Send) -> None:
    raise ClientDisconnect


def run(app: ASGIApp, exchange: Exchange) -> Exchange:
    return anyio.run(exchange.with_app, app)


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Lines:
    """The lines that the test has logged by then, before they become text."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers)
    configure_logging("INFO", "json")
    root.handlers = []  # the test's own listens
    return lambda: [cast("dict[str, Any]", record.msg) for record in caplog.records]


def test_an_unforeseen_exception_is_reported_as_a_500_and_logged_whole(logged: Lines) -> None:
    seen = Observations()
    exchange = run(RequestContext(LastNet(crashes), seen), Exchange([], x_request_id="door-7"))
    assert exchange.status == 500
    assert exchange.headers["content-type"] == "application/problem+json"
    assert exchange.headers["x-request-id"] == exchange.problem["request_id"] == "door-7"
    assert exchange.problem["code"] == "internal_error"
    assert not [w for w in (SECRET, "ZeroDivisionError", "Traceback") if w in str(exchange.sent)]
    crash, finished = logged()
    assert (crash["event"], crash["level"]) == ("request.crashed", "error")
    assert crash["request_id"] == "door-7"
    assert SECRET in str(crash["exception"])
    assert (finished["event"], finished["status"]) == ("request.finished", 500)
    assert seen.seen == [("POST", "unmatched", 500)]


def test_an_answer_that_has_begun_is_broken_off_not_continued_with_another(logged: Lines) -> None:
    exchange, seen = Exchange([]), Observations()
    with pytest.raises(ZeroDivisionError):
        run(RequestContext(LastNet(crashes_halfway), seen), exchange)
    assert [message["type"] for message in exchange.sent] == ["http.response.start"]
    assert [line["event"] for line in logged()] == ["request.crashed", "request.finished"]


def test_a_client_that_hangs_up_is_no_crash(logged: Lines) -> None:
    seen = Observations()
    assert run(RequestContext(hangs_up, seen), Exchange([])).sent == []
    assert [(line["event"], line["status"]) for line in logged()] == [("request.finished", 499)]
    assert seen.seen == [("POST", "unmatched", 499)]


def test_the_id_of_a_request_does_not_stick_to_the_next_log_line(logged: Lines) -> None:
    run(RequestContext(answers, Observations()), Exchange([], x_request_id="first"))
    run(RequestContext(answers, Observations()), Exchange([]))
    first, second = logged()
    assert first["request_id"] == "first"
    assert str(second["request_id"]).startswith("req-")


def test_what_is_no_http_request_passes_untouched() -> None:
    scopes = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    exchange = Exchange([])
    exchange.scope = {"type": "lifespan"}
    run(RequestContext(LastNet(BodyLimit(app, 1)), Observations()), exchange)
    assert scopes == [{"type": "lifespan"}]


@pytest.mark.parametrize("parts", [(b"",), (b"x" * 10,), (b"x" * 5, b"x" * 5), (b"x",) * 10])
def test_a_body_up_to_the_limit_is_read_whole(parts: tuple[bytes, ...]) -> None:
    exchange = run(BodyLimit(reads_all, 10), Exchange(body(*parts)))
    assert exchange.status == 200
    assert exchange.sent[1]["body"] == str(sum(map(len, parts))).encode()


@pytest.mark.parametrize("parts", [(b"x" * 11,), (b"x" * 5, b"x" * 6), (b"x",) * 11])
def test_one_byte_more_is_refused_wherever_it_comes(parts: tuple[bytes, ...]) -> None:
    exchange = run(BodyLimit(reads_all, 10), Exchange(body(*parts)))
    assert (exchange.status, exchange.problem["code"]) == (413, "payload_too_large")
    assert "10 bytes" in exchange.problem["detail"]


def test_a_stated_length_over_the_limit_is_refused_without_the_app() -> None:
    exchange = run(BodyLimit(crashes, 10), Exchange(body(b"x" * 11), content_length="11"))
    assert (exchange.status, exchange.problem["code"]) == (413, "payload_too_large")


def test_a_stated_length_that_lies_is_counted_all_the_same() -> None:
    exchange = run(BodyLimit(reads_all, 10), Exchange(body(b"x" * 11), content_length="3"))
    assert exchange.status == 413


def test_a_refused_body_is_not_waited_for() -> None:
    exchange = run(BodyLimit(crashes, 10), Exchange(body(*[b"x" * 5] * 6), content_length="30"))
    assert (exchange.status, exchange.taken) == (413, 0)
    exchange = run(BodyLimit(reads_all, 10), Exchange(body(*[b"x" * 5] * 1000)))
    assert (exchange.status, exchange.taken) == (413, 3)


def test_who_asks_before_sending_is_answered_before_sending() -> None:
    headers = {"content_length": "11", "expect": "100-continue"}
    exchange = run(BodyLimit(reads_all, 10), Exchange(body(b"x" * 11), **headers))
    assert (exchange.status, exchange.taken) == (413, 0)


@pytest.mark.parametrize(("version", "status"), [("1.1", 400), ("1.0", 200)])
def test_only_http_1_0_may_name_no_host(version: str, status: int) -> None:
    exchange = Exchange([])
    exchange.scope["http_version"] = version
    assert run(OneHost(answers), exchange).status == status
    exchange = Exchange([], host="kith")
    exchange.scope["http_version"] = version
    assert run(OneHost(answers), exchange).status == 200
