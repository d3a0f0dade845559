"""Time as a dependency, so that a test can hold it still or turn it back."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; every instant in Kith is aware and in UTC."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)
