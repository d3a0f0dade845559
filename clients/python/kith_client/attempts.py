"""When a call is sent again: the steps, without any input or output of their own.

``client`` does what they ask for, waiting or awaiting.
"""

import random
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from kith_client.calls import Call
from kith_client.errors import ConnectionFailed, KithError, UnexpectedAnswer, error_of
from kith_client.problems import NotFound, RateLimited

T = TypeVar("T")
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 15.0


@dataclass(frozen=True)
class Send:
    """Send the call; no step of it may take longer than ``timeout`` seconds."""

    call: Call[Any]
    timeout: float


@dataclass(frozen=True)
class Sleep:
    """Do nothing for these seconds."""

    seconds: float


@dataclass(frozen=True)
class Patience:
    """How long a client waits, and how often it tries."""

    timeout: float = 35.0
    """Seconds for one step of an attempt; Kith itself lets a request wait for 30."""
    retries: int = 4
    total: float = 60.0
    """Seconds after which no attempt begins any more."""


def attempts(
    call: Call[T], patience: Patience, address: str
) -> Generator[Send | Sleep, httpx.Response, T]:
    """Send a call until it is answered, and wait in between as long as the service asks for.

    A call that is not repeatable is sent once. Raises the last ``KithError``.
    """
    end = min(time.monotonic() + patience.total, call.before or float("inf"))
    waits, maybe_done = pauses(), False
    for left in range(patience.retries, -1, -1):
        try:
            response = yield Send(call, call.timeout or patience.timeout)
        except httpx.TransportError as error:
            failure: KithError = ConnectionFailed(error, address)
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(f"{address} sent what cannot be decoded: {error}") from error
        else:
            if response.is_success:
                return _read(call, response, address)
            failure = error_of(response)
            if maybe_done and call.method == "DELETE" and isinstance(failure, NotFound):
                return None  # type: ignore[return-value]  # an earlier attempt did it
        wait = max(next(waits), failure.retry_after or 0.0)
        tired = not left or time.monotonic() + wait >= end
        if tired or not (failure.passing and call.repeatable):
            raise failure
        refused = isinstance(failure, RateLimited)
        maybe_done = maybe_done or (getattr(failure, "sent", True) and not refused)
        yield Sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def pauses() -> Iterator[float]:
    """Seconds before the next attempt: twice as many each time, at random between half and all,
    so that many clients do not come back in one moment.
    """
    longest = _FIRST_WAIT
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311 - no secret
        longest = min(longest * 2, _LONGEST_WAIT)


def _read(call: Call[T], response: httpx.Response, address: str) -> T:
    try:
        return call.read(response)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnexpectedAnswer(
            f"{address} answered {call.method} {call.path} with what is no answer of Kith's: "
            f"{response.text[:200]!r}"
        ) from error
