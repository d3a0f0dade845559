"""The messages of the change feed: the delta of a collection, and each collection's position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.decision.fusion import Fused
from app.index.base import Keys


@dataclass(frozen=True, slots=True)
class CollectionPosition:
    """The position of a collection: ``revision`` in ``epoch``. ``id`` is its id in the API."""

    key: int
    id: str
    epoch: str
    revision: int


class Payload(Protocol):
    """The further data of one person. A projection keeps it and does not read it."""

    @property
    def id(self) -> str:
        """The person's id in the API."""
        ...


Payloads = Mapping[int, Payload]
"""Payloads by person key."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The changes that bring a replica to ``revision``: persons to put and persons to remove.

    ``whole`` says that ``people`` are all persons: a replica removes all others that it holds.
    ``epoch`` names the history that ``revision`` counts in (see ``history``).
    ``people`` are the n persons to put, valid from ``valid_from`` (n,) until ``valid_until`` (n,),
    in microseconds since 1970 (``validity.ALWAYS`` and ``validity.FOREVER`` where there is no
    bound); ``gone`` (m,) are persons without any template.
    ``payloads`` are of all these persons who exist, with templates or without; None where none are
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
        """The changes after ``revision``; all persons where it is None, or where the log does not
        reach back to it. With ``all_payloads`` the payloads are of all persons, and not only of
        those who changed.

        The delta is at the revision that SQL has now. ``NotFound`` when the collection was deleted,
        ``ContractMismatch`` when its templates are another model's by now.
        """
        ...

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        """Epoch, revision and number of persons with templates, to check a snapshot against."""
        ...

    def positions(self) -> Sequence[CollectionPosition]:
        """The position of each collection whose templates this service can compare."""
        ...
