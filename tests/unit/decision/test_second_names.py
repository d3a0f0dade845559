"""Persons who are one are found, and strangers are not taken for one."""

import numpy as np
import pytest

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.fusion import Fused, Vectors
from app.decision.resemblance import SMALL_GALLERY, second_names
from tests.unit.decision.people import people


@pytest.fixture(scope="module")
def bundle() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)


def found(bundle: Calibration, vectors: Vectors) -> dict[int, int]:
    """The keys are 10, 11, and so on."""
    keys = np.arange(10, 10 + len(vectors))
    fused = Fused(keys, vectors, np.ones(len(vectors), np.int64))
    return dict(second_names(bundle, Cohort.of(vectors), fused))


@pytest.mark.parametrize("common", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("persons", [2, 3, 8, 60, 300])
def test_hardly_ever_are_two_strangers_one(
    bundle: Calibration, persons: int, common: float
) -> None:
    """In at most one gallery in a hundred, with what a camera unlike the bundle's adds to that."""
    wrong = [
        found(bundle, people(persons, 1, seed=seed, common=common)[0]) != {} for seed in range(60)
    ]
    assert np.mean(wrong) <= 0.05


@pytest.mark.parametrize("names", [2, 3, 6])
@pytest.mark.parametrize("others", [1, 4, 60])
def test_one_person_under_several_names_is_the_first_of_them(
    bundle: Calibration, others: int, names: int
) -> None:
    for seed in range(20):
        strangers = people(others, 1, seed=seed)[0]
        one = people(1, names, seed=100 + seed, noise=0.4)[0]
        vectors = np.concatenate([strangers, one])
        first = 10 + others
        again = found(bundle, vectors)
        assert again == dict.fromkeys(range(first + 1, first + names), first)


def test_two_persons_who_are_enrolled_twice_are_two(bundle: Calibration) -> None:
    both = people(2, 2, seed=3, noise=0.4)[0]
    vectors = np.concatenate([both[[0, 2]], people(20, 1, seed=4)[0], both[[1, 3]]])
    assert found(bundle, vectors) == {32: 10, 33: 11}


@pytest.mark.parametrize("copies", [0, 1, 2, 20])
@pytest.mark.filterwarnings("error")
def test_copies_of_one_picture_are_one_person(bundle: Calibration, copies: int) -> None:
    same = np.repeat(people(1, 1)[0], copies, axis=0)
    assert found(bundle, same) == dict.fromkeys(range(11, 10 + copies), 10)


def test_in_a_large_gallery_nobody_looks_for_them(bundle: Calibration) -> None:
    twice = np.repeat(people(1, 1)[0], 2, axis=0)
    for persons in (SMALL_GALLERY, SMALL_GALLERY + 1):
        vectors = np.concatenate([twice, people(persons - 2, 1, seed=1)[0]])
        assert found(bundle, vectors) == ({11: 10} if persons == SMALL_GALLERY else {})


def test_what_is_not_looked_for_changes_nothing_that_can_be_seen(bundle: Calibration) -> None:
    """One in twenty of a large gallery has a second name."""
    vectors = people(SMALL_GALLERY, 1, seed=1)[0]
    names = np.concatenate([vectors, people(25, 1, seed=1)[0]])
    one, twice = Cohort.of(vectors).spread, Cohort.of(names).spread
    assert twice.deviation == pytest.approx(one.deviation, rel=0.01)
    assert twice.mean == pytest.approx(one.mean, abs=0.01 * one.deviation)
