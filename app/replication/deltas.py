"""The messages of the change feed: the delta of a collection, and each collection's position."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from app.decision.fusion import Fused, together
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

    ``whole`` says that ``people`` are all persons, or a part of all: a replica begins with them.
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


def joined(parts: Iterable[Delta]) -> Delta:
    """One delta that does what ``parts``, one or more, do one after the other; nobody is in two."""
    each = list(parts)
    return replace(
        each[-1],
        people=together([part.people for part in each]),
        valid_from=np.concatenate([part.valid_from for part in each]),
        valid_until=np.concatenate([part.valid_until for part in each]),
        gone=np.concatenate([part.gone for part in each]),
    )


class ChangeFeed(Protocol):
    """Reads the database for replicas; each answer is of one snapshot of it."""

    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> AbstractContextManager[Iterator[Delta]]:
        """A block in which the changes after ``revision`` are read: one delta. Where ``revision``
        is None, or the log does not reach back to it, all persons: one delta or more, each of some
        of them and ``whole``, so that they are never in memory at once. Payloads are in the last.

        With ``all_payloads`` they are of all persons, and not only of those who changed. A delta is
        at the revision that SQL has now. ``NotFound`` when the collection was deleted,
        ``ContractMismatch`` when its templates are another model's by now.
        """
        ...

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        """Epoch, revision and number of persons with templates, to check a snapshot against."""
        ...

    def positions(self) -> Sequence[CollectionPosition]:
        """The position of each collection whose templates this service can compare."""
        ...
