"""Who is in a gallery, as one process holds it in memory: the vectors that are searched, how many
persons count at an instant, and what the people say of each other.
"""

from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from app.core.clock import microseconds
from app.decision.calibration import GallerySize
from app.decision.fusion import Fused
from app.decision.site import SiteStatistics
from app.index.base import Keys, Neighbours, VectorIndex, Vectors
from app.index.census import Census, Window
from app.index.changelog import Delta

_LEAST_COUNTED_OUT: Final = 1000


class _Member(NamedTuple):
    """What a person was counted with; their vector is in the index."""

    templates: int
    length: float
    window: Window


class Roster:
    """One collection's people. Not thread-safe; the replica holds the lock.

    Evidence is kept up in O(d^2) a change. Sums that are taken from gather rounding, so they are
    made anew after as many have been counted out as are there: as much work again, spread over
    those changes.
    """

    def __init__(self, index: VectorIndex, dimension: int) -> None:
        self._index = index
        self._dimension = dimension
        self._members: dict[int, _Member] = {}
        self._census = Census()
        self._statistics = SiteStatistics(dimension)
        self._counted_out = 0
        self.evidence = self._statistics.evidence()

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The nearest of ``queries`` (b, d), valid or not."""
        return self._index.search(queries, k)

    def size(self, now: datetime) -> GallerySize:
        """How many of the people who are valid ``now`` have how many templates."""
        return self._census.at(microseconds(now))

    def everybody(self) -> Fused:
        """All people, valid or not."""
        return self._counted(np.array(sorted(self._members), np.int64))

    def apply(self, delta: Delta) -> None:
        """Follow a delta; whoever it names is counted out first, with what they were counted in."""
        touched = np.concatenate([delta.gone, delta.people.owners])
        before = [key for key in touched.tolist() if key in self._members]
        self._statistics.remove(self._counted(np.array(before, np.int64)))
        for key in before:
            member = self._members.pop(key)
            self._census.remove(member.templates, member.window)
        self._index.remove(delta.gone)
        self._index.put(delta.people.owners, delta.people.vectors)
        for key, member in zip(delta.people.owners.tolist(), _members(delta), strict=True):
            self._members[key] = member
            self._census.add(member.templates, member.window)
        self._statistics.add(delta.people)
        self._counted_out += len(before)
        self._keep_exact()
        self.evidence = self._statistics.evidence()

    def _keep_exact(self) -> None:
        if self._counted_out <= max(_LEAST_COUNTED_OUT, len(self._members)):
            return
        self._statistics = SiteStatistics(self._dimension)
        self._statistics.add(self.everybody())
        self._counted_out = 0

    def _counted(self, keys: Keys) -> Fused:
        members = [self._members[key] for key in keys.tolist()]
        return Fused(
            keys,
            self._index.get(keys),
            np.array([member.templates for member in members], np.int64),
            np.array([member.length for member in members], np.float64),
        )


def _members(delta: Delta) -> list[_Member]:
    columns = (
        delta.people.templates.tolist(),
        delta.people.lengths.tolist(),
        delta.valid_from.tolist(),
        delta.valid_until.tolist(),
    )
    return [
        _Member(templates, length, Window(start, end))
        for templates, length, start, end in zip(*columns, strict=True)
    ]
