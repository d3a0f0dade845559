"""The times at which an event is tried again. Pure.

The steps are those that Standard Webhooks gives as an example: ten attempts within 75 hours.
"""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
STEPS: Final = (
    5.0,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""Seconds to wait after the first attempt, the second, and so on; no attempt follows the tenth."""
_JITTER: Final = 0.1
"""A step is up to this share longer or shorter, so that lanes that failed together do not all try
again together."""
_MOST_PAUSE: Final = timedelta(hours=24)


def wait_after(attempts: int, steps: tuple[float, ...] | None = None) -> timedelta | None:
    """The wait after that many attempts at an event; None where there is no further one."""
    steps = STEPS if steps is None else steps
    if attempts > len(steps):
        return None
    seconds = steps[attempts - 1]
    return timedelta(seconds=seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311


def pause_of(retry_after: str | None, now: datetime) -> timedelta | None:
    """The pause that an endpoint asks for by ``Retry-After`` (RFC 9110, section 10.2.3), at most a
    day; None where it asks for none, or in words that are not understood.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _MOST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return min(max(until - now, timedelta(0)), _MOST_PAUSE)
