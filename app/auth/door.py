"""The keys of doors: those that still open while the database does not answer."""

from dataclasses import replace

from app.auth.principal import Principal
from app.auth.service import KeyService
from app.core.outage import Outage


class DoorKeys:
    """Knows a key as ``KeyService`` does or, where the outage allows it, as it was last read.

    Thread-safe.
    """

    def __init__(self, keys: KeyService, outage: Outage) -> None:
        self._keys = keys
        self._outage = outage
        self._known: dict[str, Principal] = {}

    def known(self, presented: str | None) -> Principal:
        """The caller behind a key as presented, expired or not; ``Unauthenticated`` when it is not
        known.
        """
        return self._keys.known(presented, find=self._find)

    def read(self) -> None:
        """Know the keys that there are now, and no others."""
        self._known = {
            sha256: replace(each, recalled=True) for sha256, each in self._keys.all().items()
        }

    def _find(self, sha256: str) -> Principal | None:
        return self._outage.answer(lambda: self._keys.find(sha256), lambda: self._recall(sha256))

    def _recall(self, sha256: str) -> Principal | None:
        known = self._known.get(sha256)
        return None if known is None or known.id in self._keys.revoked else known
