"""The payloads of a collection's people, by person key and by the person's id in the API."""

from collections.abc import Iterable

from app.replication.deltas import Payload, Payloads


class PayloadTable:
    """Not thread-safe: a projection holds it."""

    def __init__(self) -> None:
        self._payloads: dict[int, Payload] = {}
        self._keys: dict[str, int] = {}

    def replace(self, touched: Iterable[int], payloads: Payloads) -> None:
        """Remove the payloads of ``touched``, then add ``payloads``."""
        for key in touched:
            if (old := self._payloads.pop(key, None)) is not None:
                self._keys.pop(old.id, None)
        self._payloads.update(payloads)
        self._keys.update({payload.id: key for key, payload in payloads.items()})

    def of(self, keys: Iterable[int]) -> Payloads:
        """The payloads of those ``keys`` that have one."""
        return {key: self._payloads[key] for key in keys if key in self._payloads}

    def key_of(self, person_id: str) -> int | None:
        """The key of the person ``person_id``, or None."""
        return self._keys.get(person_id)
