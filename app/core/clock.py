"""Time as a dependency, so that a test can hold it still or turn it back."""

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """The source of the time of day; every instant in Kith is timezone-aware and in UTC."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


def microseconds(instant: datetime) -> int:
    """An aware ``instant`` as whole microseconds since 1970 (UTC), exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(count: int) -> datetime:
    """The instant, in UTC, that is ``count`` whole microseconds after the start of 1970."""
    return _EPOCH + timedelta(microseconds=count)
