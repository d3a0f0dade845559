"""Limits the requests of each key with a rate by a token bucket in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import Final

from app.auth.principal import Principal
from app.errors import RateLimited

_MINUTE: Final = 60.0
_MOST: Final = 10_000  # buckets; only keys that exist have one, so this is out of reach of clients


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Rates:
    """Counts the requests of each key. Thread-safe.

    A bucket holds as many requests as the key may make in a minute, and fills evenly: after a pause
    a client may ask all of them at once. ``monotonic`` gives seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._lock = Lock()
        self._buckets: dict[str, _Bucket] = {}

    def take(self, caller: Principal) -> None:
        """Count a request; ``RateLimited`` where the caller has to wait for the next."""
        if caller.rate is None:
            return
        now, full = self._now(), float(caller.rate)
        with self._lock:
            bucket = self._buckets.get(caller.id)
            if bucket is None:
                bucket = self._add(caller.id, _Bucket(full, now))
            gained = (now - bucket.at) * full / _MINUTE
            bucket.tokens, bucket.at = min(full, bucket.tokens + gained), now
            if bucket.tokens < 1:
                raise RateLimited(
                    f"This key may make {caller.rate} requests a minute; wait for the seconds that "
                    "Retry-After says.",
                    retry_after=ceil((1 - bucket.tokens) * _MINUTE / full),
                )
            bucket.tokens -= 1

    def _add(self, key_id: str, bucket: _Bucket) -> _Bucket:
        if len(self._buckets) >= _MOST:  # the longest unused is full again, and as good as new
            del self._buckets[min(self._buckets, key=lambda each: self._buckets[each].at)]
        self._buckets[key_id] = bucket
        return bucket
