"""A collection's people in the memory of one process: the vectors that are searched, the size and
the cohort of the people who are valid at an instant, and their payloads where these are kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import TIMEOUT_MAX, Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.core.clock import microseconds
from app.decision.cohort import Cohort, CohortSums
from app.decision.fusion import Fused
from app.decision.rates import GallerySize
from app.decision.resemblance import SMALL_GALLERY
from app.index.base import Keys, Neighbours, VectorIndex, Vectors
from app.index.slots import Column
from app.replication.deltas import Delta, Payloads
from app.replication.locks import ReadWriteLock
from app.replication.nearby import has_enough, widened
from app.replication.payloads import PayloadTable
from app.replication.reader import GalleryState
from app.replication.validity import ALWAYS, FOREVER

_COLUMNS: Final[dict[str, Column]] = {
    "templates": (np.int32, ()),
    "starts": (np.int64, ()),
    "ends": (np.int64, ()),
    "counts": (np.bool_, ()),
}
"""The columns of each person, next to their vector; ``counts`` is whether they are in the sums."""
_PART: Final = 2**12

SecondNames = Callable[[Cohort, Fused], Mapping[int, int]]
"""Those of the people, who are the cohort, who are somebody else of them as well, and who that is.
"""


def no_second_names(cohort: Cohort, people: Fused) -> Mapping[int, int]:
    """Nobody is."""
    del cohort, people
    return {}


@dataclass(frozen=True, slots=True)
class Valid:
    """The people who are valid at an instant: how many, which of them are ``second_names`` of
    whom, and the cohort of the others.
    """

    size: GallerySize
    cohort: Cohort
    second_names: Mapping[int, int]


class GalleryProjection:
    """One collection's people. Not thread-safe: the replica holds the lock, for writing around
    ``apply`` and for reading around everything else.

    Persons who may not be named are not counted: a probe is not compared with them, and they could
    be chosen so that a threshold falls. A person under two names is in the cohort once. A change
    costs O(d^2) a person, and an instant from which on others are valid costs O(n).
    """

    def __init__(
        self, index: VectorIndex, dimension: int, second_names: SecondNames = no_second_names
    ) -> None:
        self._index = index
        self._second_names = second_names
        self._dimension = dimension
        self._members = index.table
        self._members.add(_COLUMNS)
        self._sums = CohortSums(dimension)
        self._templates = 0
        self._valid = Valid(GallerySize(0, 0), self._sums.cohort(), {})
        self._steady = (0, 0)  # nobody's validity changes in it; the end is excluded
        self._fresh: list[Keys] = []  # persons who were put since people were last counted
        self._counting = Lock()
        self._payloads: PayloadTable | None = None

    def __len__(self) -> int:
        return len(self._members)

    def search(
        self, queries: Vectors, k: int, now: datetime
    ) -> tuple[Neighbours, NDArray[np.bool_]]:
        """The ``k`` persons nearest to each of ``queries`` (b, d), and the ``k`` nearest who are
        valid ``now``: (b, m) together, best first, and whether each is valid.
        """
        found, persons = self._index.search(queries, k), self.valid(now).size.persons
        valid = self.are_valid(found.keys, now)
        if has_enough(valid, k, persons):
            return found, valid
        return widened(
            self._index,
            queries,
            found,
            are_valid=lambda keys: self.are_valid(keys, now),
            persons=persons,
            all_valid=lambda: self._members.keys[self.are_valid(self._members.keys, now)],
        )

    def tend(self) -> bool:
        """Do a part of the work that makes later searches faster; returns whether more is left."""
        return self._index.tend()

    @property
    def engine(self) -> str:
        """The engine that answers now."""
        return self._index.engine

    def valid(self, now: datetime) -> Valid:
        """The people who are valid ``now``. May be called by several threads."""
        instant = microseconds(now)
        with self._counting:
            start, end = self._steady
            steady = start <= instant < end
            if self._fresh or not steady:
                try:
                    self._count(instant, steady=steady)
                except BaseException:
                    self._count_nobody()  # half counted (no memory left): count all again
                    raise
            return self._valid

    def state(self, revision: int, now: datetime) -> GalleryState:
        """The gallery at this ``revision``, as it is ``now``."""
        valid = self.valid(now)
        return GalleryState(revision, valid.size, valid.cohort, valid.second_names)

    def everybody(self) -> Fused:
        """All people, valid or not."""
        return self._fused(np.sort(self._members.keys))

    def without_vectors(self, epoch: str, revision: int) -> Delta:
        """All people, whose vectors are yet to be read, as a delta that leads to this position."""
        keys = np.sort(self._members.keys)
        vectors = np.empty((0, self._dimension), np.float32)
        people = Fused(keys, vectors, self._templates_of(keys))
        return Delta(epoch, revision, True, people, *self.windows(keys), keys[:0])  # noqa: FBT003

    def vectors(self, keys: Keys) -> Vectors:
        """The vectors (n, d) of ``keys`` (n,), each once; zeros for those who are not there."""
        vectors = np.zeros((len(keys), self._dimension), np.float32)
        there = self._members.there(keys)
        vectors[np.isin(keys, there)] = self._index.get(there)
        return vectors

    def windows(self, keys: Keys) -> tuple[Keys, Keys]:
        """Start and end (n,) of the validity of ``keys`` (n,), in microseconds since 1970."""
        rows = self._members.rows(keys)
        return self._members.column("starts")[rows], self._members.column("ends")[rows]

    def are_valid(self, keys: Keys, now: datetime) -> NDArray[np.bool_]:
        """Whether each of ``keys``, of any shape, is valid ``now``; all must be there."""
        starts, ends = self.windows(keys.ravel())
        instant = microseconds(now)
        return ((starts <= instant) & (instant < ends)).reshape(keys.shape)

    def there(self, keys: Keys) -> Fused:
        """The persons of ``keys`` (n,) who are enrolled, valid or not."""
        return self._fused(self._members.there(keys))

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
        """Apply a delta. Each person in it is first counted out with the values that were counted.

        The first payloads must be of all persons. A delta without payloads removes all of them.
        """
        people = delta.people
        self._count_out_those(np.concatenate([delta.gone, people.owners]))
        self._index.remove(delta.gone)
        self._index.put(people.owners, people.vectors)
        rows = self._members.rows(people.owners)
        self._members.write("templates", rows, people.templates)
        self._members.write("starts", rows, delta.valid_from)
        self._members.write("ends", rows, delta.valid_until)
        self._members.write("counts", rows, np.zeros(len(rows), np.bool_))
        self._fresh.append(people.owners)
        self._keep_payloads(delta)

    def _keep_payloads(self, delta: Delta) -> None:
        if delta.payloads is None:
            self._payloads = None
            return
        self._payloads = self._payloads or PayloadTable()
        touched = np.concatenate([delta.gone, delta.people.owners])
        self._payloads.replace(touched.tolist(), delta.payloads)

    def _count_out_those(self, touched: Keys) -> None:
        for some in _parts(self._members.there(touched)):
            self._count_out(some[self._members.column("counts")[self._members.rows(some)]])

    def _count(self, instant: int, *, steady: bool) -> None:
        """Count in those who are valid at ``instant``, and out those who are not: of the fresh
        persons alone while it is ``steady``, else of all.
        """
        within = self._steady if steady else (ALWAYS, FOREVER)
        for rows in self._fresh_rows() if steady else _ranges(len(self)):
            within = self._count_some(rows, instant, within)
        self._steady = within
        self._fresh.clear()
        self._valid = self._counted()

    def _fresh_rows(self) -> Iterator[NDArray[np.int64]]:
        for keys in _parts(self._members.there(np.unique(np.concatenate(self._fresh)))):
            yield self._members.rows(keys)

    def _count_some(
        self, rows: NDArray[np.int64], instant: int, within: tuple[int, int]
    ) -> tuple[int, int]:
        """Count those of ``rows`` (n,); returns the part of ``within`` around ``instant`` in which
        nobody's validity changes.
        """
        column = self._members.column
        keys, counts = self._members.keys[rows], column("counts")[rows]
        starts, ends = column("starts")[rows], column("ends")[rows]
        valid = (starts <= instant) & (instant < ends)
        self._count_out(keys[counts & ~valid])
        self._count_in(keys[valid & ~counts])
        self._members.write("counts", rows, valid)
        moments = np.concatenate([starts, ends])
        return (
            int(moments[moments <= instant].max(initial=within[0])),
            int(moments[moments > instant].min(initial=within[1])),
        )

    def _counted(self) -> Valid:
        cohort = self._sums.cohort()
        size = GallerySize(int(cohort.persons), self._templates)
        second_names: Mapping[int, int] = {}
        if size.persons <= SMALL_GALLERY:
            valid = self._members.keys[self._members.column("counts")]
            second_names = self._second_names(cohort, self._fused(np.sort(valid)))
        if second_names:
            cohort = self._sums.without(self._index.get(np.array(sorted(second_names), np.int64)))
        return Valid(size, cohort, second_names)

    def _count_nobody(self) -> None:
        everybody = np.arange(len(self))
        self._members.write("counts", everybody, np.zeros(len(self), np.bool_))
        self._sums, self._templates = CohortSums(self._dimension), 0
        self._steady = (0, 0)

    def _count_in(self, keys: Keys) -> None:
        self._sums.add(self._index.get(keys))
        self._templates += int(self._templates_of(keys).sum())

    def _count_out(self, keys: Keys) -> None:
        self._sums.remove(self._index.get(keys))
        self._templates -= int(self._templates_of(keys).sum())

    def _templates_of(self, keys: Keys) -> Keys:
        return self._members.column("templates")[self._members.rows(keys)].astype(np.int64)

    def _fused(self, keys: Keys) -> Fused:
        return Fused(keys, self._index.get(keys), self._templates_of(keys))


def _parts(keys: Keys) -> Iterator[Keys]:
    """``keys`` in parts, so that everybody's vectors are never copied at once."""
    for start in range(0, len(keys), _PART):
        yield keys[start : start + _PART]


def _ranges(rows: int) -> Iterator[NDArray[np.int64]]:
    """All ``rows`` in parts."""
    for start in range(0, rows, _PART):
        yield np.arange(start, min(start + _PART, rows))


def in_parts(projection: GalleryProjection, keys: Keys, lock: ReadWriteLock) -> Iterator[Vectors]:
    """The vectors of ``keys`` (n,), some at a time, each under the ``lock``; zeros for those who
    have gone by then.
    """
    for some in _parts(keys):
        with lock.reading(timeout=TIMEOUT_MAX):
            vectors = projection.vectors(some)
        yield vectors
