"""A replica holds the right people after any history. It is compared with a slow twin that forgets
nothing and counts everybody again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.core.clock import microseconds
from app.decision.cohort import Cohort
from app.decision.fusion import ROUNDING, Fused, fuse_persons
from app.decision.rates import GallerySize
from app.index.base import VectorIndex
from app.index.flat import FlatIndex
from app.index.large import LargeIndex
from app.index.short import STEPS
from app.replication.deltas import Delta
from app.replication.projection import GalleryProjection
from app.replication.validity import ALWAYS, FOREVER

DIMENSION = 8
NOW = datetime(1970, 1, 1, tzinfo=UTC)

some_keys = st.lists(st.integers(0, 30), max_size=8, unique=True)
seeds = st.integers(0, 2**32 - 1)
instants = st.integers(-3, 3)


class Person(NamedTuple):
    """A person as the database has them: their templates, and when they are valid."""

    templates: np.ndarray
    start: int
    end: int


@dataclass(frozen=True)
class Named:
    """A payload."""

    id: str


def named(people: dict[int, Person]) -> dict[int, Named]:
    """The payloads of ``people``."""
    return {key: Named(f"{key} since {each.start}") for key, each in people.items()}


def somebody(rng: np.random.Generator) -> Person:
    """A person whose one to four templates lie near each other, or anywhere at all."""
    spread = rng.choice([0.0, 0.3, 3.0])
    rows = rng.normal(size=DIMENSION) + spread * rng.normal(size=(rng.integers(1, 5), DIMENSION))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    start = int(rng.choice([ALWAYS, -2, 0, 1]))
    return Person(unit, start, int(rng.choice([FOREVER, 2, 3])))


def fused(people: dict[int, Person]) -> Fused:
    owners = np.repeat(list(people), [len(each.templates) for each in people.values()])
    rows = [each.templates for each in people.values()]
    templates = np.concatenate([np.empty((0, DIMENSION), np.float32), *rows])
    return fuse_persons(templates, owners.astype(np.int64))


class ProjectionHistory(RuleBasedStateMachine):
    close = ROUNDING

    def __init__(self) -> None:
        super().__init__()
        self.projection = GalleryProjection(self.empty(), DIMENSION)
        self.people: dict[int, Person] = {}
        self.now = NOW

    def empty(self) -> VectorIndex:
        return FlatIndex(DIMENSION)

    @rule(come=some_keys, go=some_keys, seed=seeds)
    def people_come_change_and_go(self, come: list[int], go: list[int], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._follow({key: somebody(rng) for key in sorted(come)}, sorted(set(go) - set(come)))

    @precondition(lambda self: self.people)
    @rule(seed=seeds)
    def everybody_goes_and_comes_back_many_times(self, seed: int) -> None:
        people = dict(self.people)
        for _ in range(3):
            self._follow({}, sorted(people))
            self._follow(people, [])

    @rule(instant=instants)
    def the_clock_goes_or_is_set_back(self, instant: int) -> None:
        self.now = NOW + timedelta(microseconds=instant)

    @rule(come=some_keys, seed=seeds)
    def people_come_one_after_the_other_while_nobody_asks(self, come: list[int], seed: int) -> None:
        rng = np.random.default_rng(seed)
        for key in come:
            self._follow({key: somebody(rng)}, [])

    @invariant()
    def valid_people_are_the_cohort(self) -> None:
        """Equal, and not about equal: nothing is left of those who went."""
        found = self.projection.valid(self.now)
        valid = self._valid()
        templates = sum(len(each.templates) for each in valid.values())
        assert found.size == GallerySize(len(valid), templates)
        assert found.cohort == Cohort.of(fused(valid).vectors)

    @invariant()
    def payloads_are_of_those_who_are_there(self) -> None:
        assert self.projection.payloads(np.arange(31)) == named(self.people)
        by_id = {each.id: key for key, each in named(self.people).items()}
        ids = {f"{key} since {start}" for key in range(31) for start in (ALWAYS, -2, 0, 1)}
        found = {each: self.projection.key_of(each) for each in ids}
        assert {each: key for each, key in found.items() if key is not None} == by_id

    @invariant()
    def everybody_is_there(self) -> None:
        people = fused(dict(sorted(self.people.items())))
        there = self.projection.everybody()
        assert there.owners.tolist() == people.owners.tolist()
        np.testing.assert_allclose(there.vectors, people.vectors, rtol=0, atol=self.close)
        np.testing.assert_array_equal(there.templates, people.templates)
        found = self.projection.search(np.ones((1, DIMENSION), np.float32), 100, self.now)[0]
        assert set(found.keys[0].tolist()) == self.people.keys()

    def _valid(self) -> dict[int, Person]:
        instant = microseconds(self.now)
        return {k: each for k, each in self.people.items() if each.start <= instant < each.end}

    def _follow(self, come: dict[int, Person], go: list[int]) -> None:
        self.projection.apply(delta(fused(come), come, go))
        self.people.update(come)
        for key in go:
            self.people.pop(key, None)


def delta(people: Fused, by_key: dict[int, Person], gone: list[int]) -> Delta:
    starts = np.array([by_key[key].start for key in people.owners.tolist()], np.int64)
    ends = np.array([by_key[key].end for key in people.owners.tolist()], np.int64)
    return Delta(
        epoch="first",
        revision=1,
        whole=False,
        people=people,
        valid_from=starts,
        valid_until=ends,
        gone=np.array(gone, np.int64),
        payloads=named(by_key),
    )


class LargeProjectionHistory(ProjectionHistory):
    """The same while the gallery becomes large and small again, and keeps vectors in two forms."""

    close = 0.51 / STEPS

    def empty(self) -> VectorIndex:
        return LargeIndex(DIMENSION, large_from=8, listed=16)

    @rule()
    def tend(self) -> None:
        while self.projection.tend():
            pass


TestProjectionHistory = ProjectionHistory.TestCase
TestProjectionHistory.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLargeProjectionHistory = LargeProjectionHistory.TestCase
TestLargeProjectionHistory.settings = TestProjectionHistory.settings


def test_people_who_come_in_any_order_between_two_questions_are_counted_as_they_are() -> None:
    rng = np.random.default_rng(0)
    expired = somebody(rng)._replace(start=ALWAYS, end=-2)
    valid = somebody(rng)._replace(start=ALWAYS, end=FOREVER)
    projection = GalleryProjection(FlatIndex(DIMENSION), DIMENSION)
    assert projection.valid(NOW).size == GallerySize(0, 0)
    for people in ({5: valid}, {2: expired}):
        projection.apply(delta(fused(people), people, []))
    assert projection.valid(NOW).cohort == Cohort.of(fused({5: valid}).vectors)
