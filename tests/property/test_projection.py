"""What a replica holds of its people, through whatever history, against a slow twin that forgets
nothing and counts everybody anew.
"""

from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.core.clock import microseconds
from app.decision.fusion import ROUNDING, Fused, fuse_persons
from app.index.flat import FlatIndex
from app.replication import projection as room
from app.replication.deltas import Delta
from app.replication.projection import GalleryProjection
from app.replication.validity import ALWAYS, FOREVER

DIMENSION = 6
NOW = datetime(1970, 1, 1, tzinfo=UTC)

some_keys = st.lists(st.integers(0, 30), max_size=8, unique=True)
seeds = st.integers(0, 2**32 - 1)
instants = st.integers(-3, 3)


class Person(NamedTuple):
    """As the database has somebody: their templates, and when they are valid."""

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
    """Whose one to four templates lie near each other, or anywhere at all."""
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
    def __init__(self) -> None:
        super().__init__()
        self.projection = GalleryProjection(FlatIndex(DIMENSION), DIMENSION)
        self.people: dict[int, Person] = {}
        self.now = NOW

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

    @invariant()
    def what_valid_people_say_of_each_other_is_as_counted_anew(self) -> None:
        valid = self._valid()
        kept, people = self.projection.evidence(self.now), fused(valid)
        assert kept.persons == len(valid)
        if len(valid) < 2:
            return
        vectors = people.vectors.astype(np.float64)
        apart = ~np.eye(len(vectors), dtype=bool)
        scores = (vectors @ vectors.T)[apart]
        assert kept.mean == pytest.approx(scores.mean(), abs=1e-7)
        assert kept.deviation == pytest.approx(scores.std(), abs=1e-3)
        assert kept.deviation**2 == pytest.approx(scores.var(), abs=1e-6)
        inverse = 1 / np.maximum(people.lengths, 1e-3)
        assert kept.inverse_length == pytest.approx(np.outer(inverse, inverse)[apart].mean())
        within = [_coherence(each.templates) for each in valid.values()]
        several = [each for each in within if each is not None]
        assert kept.coherent == len(several)
        assert kept.coherence == pytest.approx(np.mean(several) if several else 0, abs=1e-6)

    @invariant()
    def nothing_is_left_of_who_went(self) -> None:
        """Sums that numbers are added to and taken from may gather rounding; these must not."""
        people = fused(self.people)
        fresh = GalleryProjection(FlatIndex(DIMENSION), DIMENSION)
        fresh.apply(delta(people, self.people, []))
        kept, anew = self.projection.evidence(self.now), fresh.evidence(self.now)
        assert kept.mean == pytest.approx(anew.mean, abs=1e-12)
        assert kept.coherence == pytest.approx(anew.coherence, abs=1e-12)

    @invariant()
    def payloads_are_of_those_who_are_there(self) -> None:
        assert self.projection.payloads(np.arange(31)) == named(self.people)
        by_id = {each.id: key for key, each in named(self.people).items()}
        ids = {f"{key} since {start}" for key in range(31) for start in (ALWAYS, -2, 0, 1)}
        found = {each: self.projection.key_of(each) for each in ids}
        assert {each: key for each, key in found.items() if key is not None} == by_id

    @invariant()
    def those_count_who_are_valid(self) -> None:
        for instant in range(-3, 5):
            expected: dict[int, int] = {}
            for each in self.people.values():
                if each.start <= instant < each.end:
                    count = len(each.templates)
                    expected[count] = expected.get(count, 0) + 1
            now = NOW + timedelta(microseconds=instant)
            assert self.projection.size(now).persons_by_templates == expected

    @invariant()
    def everybody_is_there(self) -> None:
        people = fused(dict(sorted(self.people.items())))
        there = self.projection.everybody()
        assert there.owners.tolist() == people.owners.tolist()
        np.testing.assert_allclose(there.vectors, people.vectors, rtol=0, atol=ROUNDING)
        np.testing.assert_array_equal(there.templates, people.templates)
        found = self.projection.search(np.ones((1, DIMENSION), np.float32), 100)
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


def _coherence(templates: np.ndarray) -> float | None:
    """The mean similarity of two different templates of one person."""
    count = len(templates)
    if count < 2:
        return None
    scores = templates.astype(float) @ templates.T.astype(float)
    return float(scores[~np.eye(count, dtype=bool)].mean())


@pytest.fixture(autouse=True)
def _sums_are_made_anew_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LEAST_COUNTED_OUT", 40)


TestProjectionHistory = ProjectionHistory.TestCase
TestProjectionHistory.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_an_error_in_the_sums_lasts_for_as_many_changes_as_there_are_people_at_most() -> None:
    rng = np.random.default_rng(0)
    people = {key: somebody(rng)._replace(start=ALWAYS, end=FOREVER) for key in range(100)}
    projection = GalleryProjection(FlatIndex(DIMENSION), DIMENSION)
    projection.apply(delta(fused(people), people, []))
    right = projection.evidence(NOW)
    projection._statistics._sum += 0.1

    def change(times: int) -> float:
        for key in range(times):
            projection.apply(delta(fused({key: people[key]}), people, []))
            projection.evidence(NOW)
        return projection.evidence(NOW).mean - right.mean

    assert abs(change(1)) > 1e-4  # of the test itself: the error shows
    assert change(100) == pytest.approx(0, abs=1e-15)
    kept = astuple(projection.evidence(NOW))
    assert kept == pytest.approx(astuple(right), rel=1e-12, abs=1e-15)
