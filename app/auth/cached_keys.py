"""The keys that still count while the database does not answer."""

from dataclasses import replace
from threading import Lock

from app.auth.principal import Principal
from app.auth.service import KeyService
from app.core.outage import Outage


class CachedKeys:
    """Finds a key as ``KeyService`` does or, where the outage allows it, as it was last read.

    Thread-safe.
    """

    def __init__(self, keys: KeyService, outage: Outage) -> None:
        self._keys = keys
        self._outage = outage
        self._lock = Lock()
        self._known: dict[str, Principal] = {}
        self._revoked: set[str] | None = None  # since the read began that is in progress
        keys.when_revoked(self._forget)

    def known(self, presented: str | None) -> Principal:
        """The caller behind a key as presented, expired or not; ``Unauthenticated`` when it is not
        known.
        """
        return self._keys.known(presented, find=self._find)

    def read(self) -> None:
        """Replace the cached keys by those in the database now. One thread at a time reads."""
        with self._lock:
            self._revoked = set()
        try:
            found = self._keys.all()
            with self._lock:
                self._known = {
                    sha256: replace(each, recalled=True)
                    for sha256, each in found.items()
                    if each.id not in self._revoked
                }
        finally:
            self._revoked = None

    def _forget(self, key_id: str) -> None:
        """Refuse a revoked key from now on, even if a read in progress has still seen it."""
        with self._lock:
            if self._revoked is not None:
                self._revoked.add(key_id)
            self._known = {
                sha256: each for sha256, each in self._known.items() if each.id != key_id
            }

    def _find(self, sha256: str) -> Principal | None:
        return self._outage.answer(lambda: self._keys.find(sha256), lambda: self._recall(sha256))

    def _recall(self, sha256: str) -> Principal | None:
        return self._known.get(sha256)
