"""Streams of events over a database that does not always answer."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from app.audit.events import EventFilter, EventService, Stored
from app.audit.streams import EventStreams
from app.auth.principal import Principal
from app.errors import AppError, Overloaded
from app.trail.event_repository import Wanted

EVENT = Stored(1, "evt-1", "person.created", "{}")
LOCKED = OperationalError("select", {}, Exception("database is locked"))


class Events:
    """One event, which is read once the ``failures`` are over."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)

    def begin(self, *_: object) -> tuple[int, str | None, Wanted]:
        return 0, None, Wanted()

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
