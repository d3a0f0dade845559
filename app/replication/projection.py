"""A collection's people in the memory of one process: the vectors that are searched, the number of
persons valid at an instant, the statistics of their similarities to each other, and their payloads
where these are kept.
"""

from datetime import datetime
from threading import Lock
from typing import Final

import numpy as np

from app.core.clock import microseconds
from app.decision.calibration import GallerySize
from app.decision.fusion import Fused
from app.decision.site import SiteEvidence, SiteStatistics
from app.index.base import Keys, Neighbours, VectorIndex, Vectors
from app.index.slots import SlotTable
from app.replication.deltas import Delta, Payloads
from app.replication.payloads import PayloadTable
from app.replication.validity import ALWAYS, FOREVER, ValidityCounts

_LEAST_COUNTED_OUT: Final = 1000
_COLUMNS: Final = {
    "templates": (np.int64, ()),
    "lengths": (np.float64, ()),
    "starts": (np.int64, ()),
    "ends": (np.int64, ()),
    "says": (np.bool_, ()),
}
"""The columns of each person; ``says`` is whether they are in the evidence. Vectors are in the
index.
"""


class GalleryProjection:
    """One collection's people. Not thread-safe: the replica holds the lock, for writing around
    ``apply`` and for reading around everything else.

    Evidence is computed from the persons who are valid at the given instant. Persons who may not
    be named are left out: they are no strangers here, and could be chosen so that a threshold
    falls. A change costs O(d^2). Subtracting persons from sums gathers rounding errors, so the sums
    are computed again once as many persons were subtracted as there are: the same work once more,
    spread over those changes.
    """

    def __init__(self, index: VectorIndex, dimension: int) -> None:
        self._index = index
        self._dimension = dimension
        self._members = SlotTable(_COLUMNS)
        self._validity = ValidityCounts()
        self._statistics = SiteStatistics(dimension)
        self._counted_out = 0
        self._evidence = self._statistics.evidence()
        self._steady = (0, 0)  # nobody's validity changes in it; the end is excluded
        self._fresh: list[Keys] = []  # persons who were put since the evidence was computed
        self._counting = Lock()
        self._payloads: PayloadTable | None = None

    def __len__(self) -> int:
        return len(self._members)

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The ``k`` persons nearest to each of ``queries`` (b, d), valid or not."""
        return self._index.search(queries, k)

    def size(self, now: datetime) -> GallerySize:
        """The number of persons valid ``now``, by their number of templates."""
        return self._validity.at(microseconds(now))

    def evidence(self, now: datetime) -> SiteEvidence:
        """The evidence of the people who are valid ``now``. May be called by several threads."""
        instant = microseconds(now)
        with self._counting:
            start, end = self._steady
            steady = start <= instant < end
            if self._fresh or not steady:
                self._count_valid(self._uncounted() if steady else self._members.keys, instant)
            return self._evidence

    def everybody(self) -> Fused:
        """All people, valid or not."""
        return self._counted(np.sort(self._members.keys))

    def windows(self, keys: Keys) -> tuple[Keys, Keys]:
        """Start and end (n,) of the validity of ``keys`` (n,), in microseconds since 1970."""
        rows = self._members.rows(keys)
        return self._members.column("starts")[rows], self._members.column("ends")[rows]

    def there(self, keys: Keys) -> Fused:
        """The persons of ``keys`` (n,) who are enrolled, valid or not."""
        return self._counted(
            np.array([key for key in keys.tolist() if key in self._members], np.int64)
        )

    @property
    def has_payloads(self) -> bool:
        """Whether the payload of every person is here."""
        return self._payloads is not None

    def payloads(self, keys: Keys) -> Payloads:
        """The payloads of the ``keys`` (n,) that have one."""
        return {} if self._payloads is None else self._payloads.of(keys.tolist())

    def key_of(self, person_id: str) -> int | None:
        """The key of the person ``person_id``; None where no payload has that id."""
        return None if self._payloads is None else self._payloads.key_of(person_id)

    def apply(self, delta: Delta) -> None:
        """Apply a delta. Each person in it is first subtracted with the values that were added.

        The first payloads must be of all persons. A delta without payloads removes all of them.
        """
        people = delta.people
        self._count_out(np.concatenate([delta.gone, people.owners]))
        self._index.remove(delta.gone)
        self._index.put(people.owners, people.vectors)
        self._members.put(
            people.owners,
            {
                "templates": people.templates,
                "lengths": people.lengths,
                "starts": delta.valid_from,
                "ends": delta.valid_until,
                "says": np.zeros(len(people.owners), np.bool_),
            },
        )
        self._validity.add(people.templates, delta.valid_from, delta.valid_until)
        self._fresh.append(people.owners)
        self._keep_payloads(delta)

    def _keep_payloads(self, delta: Delta) -> None:
        if delta.payloads is None:
            self._payloads = None
            return
        self._payloads = self._payloads or PayloadTable()
        touched = np.concatenate([delta.gone, delta.people.owners])
        self._payloads.replace(touched.tolist(), delta.payloads)

    def _count_out(self, touched: Keys) -> None:
        people = self.there(touched)
        self._validity.remove(people.templates, *self.windows(people.owners))
        self._take_back(
            people.owners[self._members.column("says")[self._members.rows(people.owners)]]
        )
        self._members.remove(people.owners)

    def _uncounted(self) -> Keys:
        fresh = np.unique(np.concatenate(self._fresh))
        return self.there(fresh).owners

    def _count_valid(self, keys: Keys, instant: int) -> None:
        """Add the valid ones of ``keys`` (n,) at ``instant`` to the evidence and remove the others.
        ``keys`` are all persons, or all fresh ones.
        """
        everybody = len(keys) == len(self._members)
        rows = slice(None) if everybody else self._members.rows(keys)
        says = self._members.column("says")
        starts, ends = self._members.column("starts")[rows], self._members.column("ends")[rows]
        valid = (starts <= instant) & (instant < ends)
        come, go = np.sort(keys[valid & ~says[rows]]), np.sort(keys[says[rows] & ~valid])
        self._take_back(go)
        self._statistics.add(self._counted(come))
        says[rows] = valid
        self._keep_exact()
        self._evidence = self._statistics.evidence()
        self._fresh.clear()
        start, end = (ALWAYS, FOREVER) if everybody else self._steady
        moments = np.concatenate([starts, ends])
        self._steady = (
            int(moments[moments <= instant].max(initial=start)),
            int(moments[moments > instant].min(initial=end)),
        )

    def _take_back(self, keys: Keys) -> None:
        self._statistics.remove(self._counted(keys))
        self._counted_out += len(keys)

    def _keep_exact(self) -> None:
        if self._counted_out <= max(_LEAST_COUNTED_OUT, len(self._members)):
            return
        counted = np.sort(self._members.keys[self._members.column("says")])
        self._statistics = SiteStatistics(self._dimension)
        self._statistics.add(self._counted(counted))
        self._counted_out = 0

    def _counted(self, keys: Keys) -> Fused:
        rows = self._members.rows(keys)
        return Fused(
            keys,
            self._index.get(keys),
            self._members.column("templates")[rows],
            self._members.column("lengths")[rows],
        )
