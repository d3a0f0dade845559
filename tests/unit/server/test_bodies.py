"""How much memory bodies may hold, and how long they may take."""

import anyio
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.server import bodies
from app.server.bodies import Bodies
from tests.support.asgi import Exchange, body, reads_all

FORM = "multipart/form-data; boundary=x"
MEBIBYTE = 1024 * 1024


class Beside:
    """An app that reads its body and, before it answers, has another request come."""

    def __init__(self, other: Exchange) -> None:
        self.memory = Bodies(self, 16 * MEBIBYTE, 30)
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
def test_a_large_body_next_to_others_that_fill_the_memory_is_503(*, stated: bool) -> None:
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
    memory = Bodies(reads_all, 16 * MEBIBYTE, 30)
    refused = [form(15 * MEBIBYTE), form(15 * MEBIBYTE, stated=True)]
    for exchange in [form(10 * MEBIBYTE), *refused, form(10 * MEBIBYTE)]:
        run(memory, exchange)
    assert [each.status for each in refused] == [413, 413]
    last = run(memory, form(14 * MEBIBYTE))
    assert last.status == 200


@pytest.mark.parametrize("text", [b" " * (5 * MEBIBYTE), b"[]," * 50_000])
def test_json_weighs_what_it_becomes(text: bytes) -> None:
    as_form = Exchange(body(text), content_type=FORM)
    assert run(Bodies(reads_all, 16 * MEBIBYTE, 30), as_form).status == 200
    as_json = Exchange(body(text), content_type="application/json")
    assert run(Bodies(reads_all, 10 * MEBIBYTE, 30), as_json).status == 413


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

    assert run(Bodies(slow_app, MEBIBYTE, 0.02), Listening(body(b"x"))).status == 200


def test_a_body_that_stays_away_is_408_and_its_connection_is_closed() -> None:
    class Stopped(Exchange):
        async def receive(self) -> Message:
            if self.taken:
                await anyio.sleep_forever()
            return await super().receive()

    exchange = run(Bodies(reads_all, MEBIBYTE, 0.01), Stopped(body(b"x", b"y")))
    assert (exchange.status, exchange.problem["code"]) == (408, "request_timeout")
    assert exchange.headers["connection"] == "close"


class Sends(Exchange):
    """Sends its body's parts at their times, and is silent afterwards."""

    def __init__(self, *parts: tuple[float, bytes], stated: int = 0) -> None:
        more = {"content_length": str(stated)} if stated else {}
        super().__init__([], content_type=FORM, **more)
        self._parts = iter(parts)

    async def receive(self) -> Message:
        self.taken += 1
        wait, part = next(self._parts, (0.0, None))
        await (anyio.sleep_forever() if part is None else anyio.sleep(wait))
        return {"type": "http.request", "body": part, "more_body": True}


def test_what_was_sent_fast_gives_no_time_to_be_silent_afterwards() -> None:
    """8 MiB at once would have bought two minutes, at a second for 64 KiB."""
    exchange = run(Bodies(reads_all, 16 * MEBIBYTE, 0.05), Sends((0, bytes(8 * MEBIBYTE))))
    assert (exchange.status, exchange.problem["code"]) == (408, "request_timeout")


def test_a_client_that_keeps_the_pace_has_all_the_time_that_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "LEAST_RATE", 10)
    parts = [(0.05, bytes(1000))] * 12  # twice as long as it may be silent
    exchange = run(Bodies(reads_all, MEBIBYTE, 0.3), Sends(*parts))
    assert exchange.taken == len(parts) + 1
    assert exchange.status == 408


def test_who_is_furthest_behind_gives_way_where_the_memory_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "LAGS", 0.02)
    house = Bodies(reads_all, 16 * MEBIBYTE, 30)
    first, second = Sends((0, bytes(6 * MEBIBYTE))), Sends((0.05, bytes(6 * MEBIBYTE)))
    other, too_much = form(6 * MEBIBYTE), form(14 * MEBIBYTE)

    async def run_all() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(first.with_app, house)
            group.start_soon(second.with_app, house)
            await anyio.sleep(0.3)
            await other.with_app(house)
            assert (other.status, second.sent) == (200, [])
            await too_much.with_app(house)
            assert too_much.status == 200
        assert house._held == 0

    anyio.run(run_all)
    for each in (first, second):
        assert (each.status, each.problem["code"]) == (408, "request_timeout")
        assert "needed for others" in each.problem["detail"]


def test_nobody_gives_way_where_that_would_not_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LAGS", 0.02)
    house = Bodies(reads_all, 16 * MEBIBYTE, 30)
    lagging, other = Sends((0, bytes(MEBIBYTE))), form(8 * MEBIBYTE)

    async def run_all() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(lagging.with_app, house)
            await anyio.sleep(0.1)
            house._held += 12 * MEBIBYTE  # of somebody whom the service lets wait
            await other.with_app(house)
            assert (other.status, lagging.sent) == (503, [])
            group.cancel_scope.cancel()

    anyio.run(run_all)
