"""The sums of a cohort: those of its people, to the last bit, whatever the way there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.cohort import Cohort, CohortSums
from tests.support.fake_bundle import random_people

DIMENSION = 6
STEP = 1 / 32767
"""Coordinates are counted in whole steps, in galleries of any size: a similarity is off by 9e-6
(standard deviation), and the mean of 300 by 5e-7."""
CLOSE = 3e-6
EVERYBODY = random_people(20, DIMENSION)


@given(st.lists(st.lists(st.integers(0, 19), min_size=1, unique=True), max_size=20))
def test_people_who_came_and_went_leave_no_trace(moves: list[list[int]]) -> None:
    sums, there = CohortSums(DIMENSION), set[int]()
    for some in moves:
        come, go = sorted(set(some) - there), sorted(set(some) & there)
        sums.add(EVERYBODY[come])
        sums.remove(EVERYBODY[go])
        there ^= set(some)
    assert sums.cohort() == Cohort.of(EVERYBODY[sorted(there)])
    if not there:
        assert sums.cohort() == Cohort.of(np.empty((0, DIMENSION), np.float32))


@given(st.permutations(range(20)), st.integers(0, 20))
def test_neither_order_nor_parts_change_a_bit(order: list[int], part: int) -> None:
    shuffled = EVERYBODY[order]
    assert Cohort.of(shuffled) == Cohort.of(EVERYBODY)
    sums = CohortSums(DIMENSION)
    sums.add(shuffled[part:])
    sums.add(shuffled[:part])
    assert sums.cohort() == Cohort.of(EVERYBODY)
    assert sums.without(shuffled[part:]) == Cohort.of(shuffled[:part])
    assert sums.cohort() == Cohort.of(EVERYBODY)


def test_more_people_than_are_counted_at_once_are_counted_exactly() -> None:
    many = random_people(10_000, DIMENSION, seed=1)
    sums = CohortSums(DIMENSION)
    for start in range(0, len(many), 700):
        sums.add(many[start : start + 700])
    assert sums.cohort() == Cohort.of(many)
    sums.remove(many[::-1])
    assert sums.cohort() == Cohort.of(np.empty((0, DIMENSION), np.float32))


@pytest.mark.parametrize("dimension", [2, 128, 512])
def test_the_sums_are_those_of_the_similarities(dimension: int) -> None:
    people, probes = random_people(300, dimension), random_people(7, dimension, seed=1)
    scores = probes.astype(np.float64) @ people.T.astype(np.float64)
    total, squares = Cohort.of(people).sums(probes)
    np.testing.assert_allclose(total / 300, scores.mean(axis=1), atol=CLOSE)
    np.testing.assert_allclose(squares / 300, (scores**2).mean(axis=1), atol=CLOSE)


def test_one_person_more_or_less_or_moved_is_another_cohort() -> None:
    cohort = Cohort.of(EVERYBODY)
    moved = EVERYBODY.copy()
    moved[3, 2] += np.float32(2 * STEP)
    assert cohort != Cohort.of(EVERYBODY[1:])
    assert cohort != Cohort.of(moved)
    assert cohort != "a cohort"
    with pytest.raises(TypeError, match="unhashable"):
        hash(cohort)


def test_a_cohort_that_was_asked_for_stays_as_it_was() -> None:
    sums = CohortSums(DIMENSION)
    sums.add(EVERYBODY[:5])
    before = sums.cohort()
    sums.add(EVERYBODY[5:])
    assert before == Cohort.of(EVERYBODY[:5])


@pytest.mark.parametrize("pull", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("persons", [2, 3, 40])
def test_the_spread_is_that_of_each_person_to_the_others(persons: int, pull: float) -> None:
    rows = random_people(persons, DIMENSION, seed=3).astype(np.float64)
    rows[:, 0] += pull
    people = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    scores = people.astype(np.float64) @ people.T.astype(np.float64)
    own = [np.delete(row, at) for at, row in enumerate(scores)]
    spread = Cohort.of(people).spread
    assert spread.persons == persons
    assert spread.mean == pytest.approx(np.mean(own), abs=STEP)
    expected = np.mean([row.var(ddof=1) for row in own]) if persons > 2 else 0
    assert spread.deviation**2 == pytest.approx(expected, abs=STEP)


@pytest.mark.parametrize("persons", [0, 1])
def test_fewer_than_two_people_have_no_spread(persons: int) -> None:
    spread = Cohort.of(EVERYBODY[:persons]).spread
    assert (spread.persons, spread.mean, spread.deviation) == (persons, 0, 0)
