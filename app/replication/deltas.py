"""The messages of the change feed: a delta of a collection, and where each collection is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.decision.fusion import Fused
from app.index.base import Keys


@dataclass(frozen=True, slots=True)
class CollectionPosition:
    """Where a collection is: at ``revision`` of ``epoch``. ``id`` is what clients call it."""

    key: int
    id: str
    epoch: str
    revision: int


class Payload(Protocol):
    """The further data of one person, which a projection keeps without looking into it."""

    @property
    def id(self) -> str:
        """What clients call the person."""
        ...


Payloads = Mapping[int, Payload]
"""Payloads by person key."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The changes that bring a replica to ``revision``: persons to put and persons to take out.

    ``whole`` says that ``people`` are all there are: a replica drops everybody else that it holds.
    ``epoch`` names the history that ``revision`` counts in (see ``history``).
    ``people`` are the n persons to put, valid from ``valid_from`` (n,) until ``valid_until`` (n,),
    in microseconds since 1970 (``validity.ALWAYS`` and ``validity.FOREVER`` where there is no
    bound); ``gone`` (m,) are persons without any template.
    ``payloads`` are of all those persons who exist, with templates or without; None where none are
    kept, or where they could not be read.
    """

    epoch: str
    revision: int
    whole: bool
    people: Fused
    valid_from: Keys
    valid_until: Keys
    gone: Keys
    payloads: Payloads | None = None


class ChangeFeed(Protocol):
    """Reads the database for replicas; each answer is of one snapshot of it."""

    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Delta:
        """All that changed after ``revision``; everything there is where it is None, or where the
        log does not reach back so far. With ``all_payloads`` the payloads are of everybody, and
        not only of those who changed.

        The answer is at the revision that SQL has now; ``NotFound`` when the collection is no more,
        ``ContractMismatch`` when its templates are another model's by now.
        """
        ...

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        """Epoch, revision, and how many persons have templates: to check a snapshot by."""
        ...

    def positions(self) -> Sequence[CollectionPosition]:
        """Where every collection is whose templates this service can compare."""
        ...
