"""How much memory bodies may hold, and how long they may take."""

import anyio
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.bodies import BodyMemory, Patience
from tests.unit.web.asgi import Exchange, body, reads_all

FORM = "multipart/form-data; boundary=x"
MEBIBYTE = 1024 * 1024


class Beside:
    """An app that reads its body and, before it answers, has another request come."""

    def __init__(self, other: Exchange) -> None:
        self.memory = BodyMemory(self, 16 * MEBIBYTE)
        self._waiting: list[Exchange] = [other]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await reads_all(scope, receive, send)
        if self._waiting:
            await self._waiting.pop().with_app(self.memory)


def run(app: ASGIApp, exchange: Exchange) -> Exchange:
    return anyio.run(exchange.with_app, app)


def form(size: int, *, stated: bool = False) -> Exchange:
    headers = {"content_length": str(size)} if stated else {}
    parts = [bytes(MEBIBYTE // 2)] * (2 * size // MEBIBYTE) or [bytes(size)]
    return Exchange(body(*parts), content_type=FORM, **headers)


@pytest.mark.parametrize("stated", [True, False])
def test_a_large_body_beside_others_that_fill_the_memory_is_503(*, stated: bool) -> None:
    other = form(8 * MEBIBYTE, stated=stated)
    assert run(Beside(other).memory, form(8 * MEBIBYTE)).status == 200
    assert (other.status, other.problem["code"]) == (503, "overloaded")
    assert int(other.headers["retry-after"]) >= 1
    assert stated is (other.taken == 0)


def test_a_small_body_is_still_read_then() -> None:
    other = form(MEBIBYTE)
    run(Beside(other).memory, form(14 * MEBIBYTE))
    assert other.status == 200


def test_what_has_been_answered_weighs_nothing_any_more() -> None:
    memory = BodyMemory(reads_all, 16 * MEBIBYTE)
    refused = [form(15 * MEBIBYTE), form(15 * MEBIBYTE, stated=True)]
    for exchange in [form(10 * MEBIBYTE), *refused, form(10 * MEBIBYTE)]:
        run(memory, exchange)
    assert [each.status for each in refused] == [413, 413]
    last = run(memory, form(14 * MEBIBYTE))
    assert last.status == 200


@pytest.mark.parametrize("text", [b" " * (5 * MEBIBYTE), b"[]," * 50_000])
def test_json_weighs_what_it_becomes(text: bytes) -> None:
    as_form = Exchange(body(text), content_type=FORM)
    assert run(BodyMemory(reads_all, 16 * MEBIBYTE), as_form).status == 200
    as_json = Exchange(body(text), content_type="application/json")
    assert run(BodyMemory(reads_all, 10 * MEBIBYTE), as_json).status == 413


def test_only_the_time_that_a_client_lets_pass_counts() -> None:
    """It sends at once, and waits for its answer longer than it may take to send."""

    class Listening(Exchange):
        async def receive(self) -> Message:
            if self.taken:
                await anyio.sleep(0.05)
            return await super().receive()

    async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(0.05)
        await reads_all(scope, receive, send)
        await receive()  # as who listens for a client that hangs up

    assert run(Patience(slow_app, 0.02), Listening(body(b"x"))).status == 200


def test_a_body_that_stays_away_is_408_and_its_connection_is_closed() -> None:
    class Stopped(Exchange):
        async def receive(self) -> Message:
            if self.taken:
                await anyio.sleep_forever()
            return await super().receive()

    exchange = run(Patience(reads_all, 0.01), Stopped(body(b"x", b"y")))
    assert (exchange.status, exchange.problem["code"]) == (408, "request_timeout")
    assert exchange.headers["connection"] == "close"
