"""Streams of events over a database that does not always answer."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from app.audit.events import BEGINNING, EventFilter, EventService, Stored
from app.audit.streams import EventStreams
from app.auth.principal import Principal
from app.errors import AppError, NotReady, Overloaded, Unauthenticated
from app.trail.event_repository import Wanted

EVENT = Stored(1, "evt-1", "person.created", "{}")
LOCKED = OperationalError("select", {}, Exception("database is locked"))


class Events:
    """One event, which is read once the ``failures`` are over."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)

    def begin(self, *_: object) -> tuple[int, str, Wanted]:
        return 0, BEGINNING, Wanted()

    def newest(self) -> int:
        return EVENT.position

    def following(self, position: int, wanted: Wanted, limit: int) -> tuple[Sequence[Stored], int]:
        if self._failures:
            raise self._failures.pop(0)
        return [EVENT] if position < EVENT.position else [], EVENT.position


@pytest.mark.parametrize("failure", [LOCKED, Overloaded("busy")])
def test_an_event_that_could_not_be_read_is_sent_though_no_other_follows(
    failure: OperationalError | AppError,
) -> None:
    async def first() -> Stored:
        # The watcher has seen the newest event by the time of the second failure.
        events = cast("EventService", Events(failure, failure, failure))
        streams = EventStreams(events, lambda _: caller, most=1, seconds=3600)
        async with streams.open(None, caller, None, EventFilter()) as stream:
            return await anext(streams.follow(stream))

    caller = cast("Principal", None)
    assert asyncio.run(asyncio.wait_for(first(), 60)) == EVENT


def test_a_key_that_cannot_be_checked_keeps_no_stream_of_another_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The database says that one is revoked, and cannot say what the others are."""

    def check(presented: str | None) -> Principal:
        raise Unauthenticated("revoked") if presented == "revoked" else NotReady("the disk is full")

    async def ended() -> bool:
        streams = EventStreams(cast("EventService", Events()), check, most=9, seconds=3600)
        async with AsyncExitStack() as stack:
            keys = (*map(str, range(8)), "revoked")
            opened = [
                await stack.enter_async_context(
                    streams.open(None, cast("Principal", None), key, EventFilter())
                )
                for key in keys
            ]
            while not opened[-1].ended:
                await asyncio.sleep(0.01)
            return any(each.ended for each in opened[:-1])

    monkeypatch.setattr("app.audit.streams._KEYS", 0.0)
    assert asyncio.run(asyncio.wait_for(ended(), 60)) is False


def test_a_key_that_cannot_be_read_ends_its_own_stream_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody changed the rows of eight keys; the ninth is revoked, and the tenth is whole."""

    def check(presented: str | None) -> Principal:
        if presented == "whole":
            return cast("Principal", None)
        raise Unauthenticated("revoked") if presented == "revoked" else ValueError("no such scope")

    async def ended() -> list[bool]:
        streams = EventStreams(cast("EventService", Events()), check, most=10, seconds=3600)
        async with AsyncExitStack() as stack:
            keys = (*map(str, range(8)), "revoked", "whole")
            opened = [
                await stack.enter_async_context(
                    streams.open(None, cast("Principal", None), key, EventFilter())
                )
                for key in keys
            ]
            while not all(each.ended for each in opened[:-1]):
                await asyncio.sleep(0.01)
            return [each.ended for each in opened]

    monkeypatch.setattr("app.audit.streams._KEYS", 0.0)
    assert asyncio.run(asyncio.wait_for(ended(), 60)) == [True] * 9 + [False]
