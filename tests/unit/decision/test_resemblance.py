"""Two persons' nearness, read by the calibration of strangers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration, GallerySize
from app.decision.fit import fit
from app.decision.fusion import fuse_persons
from app.decision.resemblance import least_alike, pair_fmr, same_person, stranger_rate
from tests.unit.decision.calibrations import calibrations, targets
from tests.unit.decision.people import people

counts = st.lists(st.integers(1, 30), min_size=1, max_size=6).map(
    lambda some: np.array(some, np.float64)
)


@given(calibrations(), st.floats(-1, 1), st.integers(1, 30))
def test_one_template_and_a_person_are_a_comparison(
    calibration: Calibration, similarity: float, templates: int
) -> None:
    rate = pair_fmr(calibration, np.array([similarity]), np.ones(1), np.array([templates]))
    assert rate[0] == pytest.approx(calibration.fmr(similarity, templates=templates))


@given(targets, st.integers(1, 100_000))
def test_the_rate_of_one_comparison_keeps_the_gallerys(target: float, persons: int) -> None:
    gallerys = -math.expm1(persons * math.log1p(-stranger_rate(target, persons)))
    assert gallerys == pytest.approx(target, rel=1e-6)


@given(calibrations(), targets, counts, st.floats(-1, 1))
def test_below_the_bound_nobody_is_alike(
    calibration: Calibration, rate: float, templates: np.ndarray, similarity: float
) -> None:
    bound = least_alike(calibration, rate, templates)
    alike = pair_fmr(calibration, np.full(len(templates), similarity), templates, templates[::-1])
    if similarity < bound - 1e-9:
        assert (alike > rate * (1 - 1e-9)).all()


@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 5), (3, 3), (2, 5)])
def test_strangers_are_as_rarely_alike_as_it_says(one: int, other: int) -> None:
    vectors, labels = people(800, 2)
    calibration = fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)
    groups = [
        fuse_persons(people(1500, k, seed=seed)[0], np.repeat(np.arange(1500), k)).vectors
        for seed, k in ((5, one), (6, other))
    ]
    scores = (groups[0] @ groups[1].T).ravel().astype(np.float64)
    sizes = np.array([float(one)]), np.array([float(other)])
    for share in (0.1, 0.01, 0.001):
        at = np.array([np.quantile(scores, 1 - share)])
        assert pair_fmr(calibration, at, *sizes)[0] == pytest.approx(share, rel=0.35)


@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 4), (3, 3)])
def test_half_of_all_second_names_are_as_near_as_one_person_is(one: int, other: int) -> None:
    vectors, labels = people(800, 2)
    calibration = fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)
    both = people(400, one + other, seed=9)[0].reshape(400, one + other, -1)
    first, second = (
        fuse_persons(part.reshape(-1, both.shape[2]), np.repeat(np.arange(400), part.shape[1]))
        for part in (both[:, :one], both[:, one:])
    )
    scores = np.sum(first.vectors * second.vectors, axis=1)
    least = same_person(calibration, np.array([float(one)]), np.array([float(other)]))
    assert 0.3 < (scores >= least).mean() < 0.7
    strangers = (first.vectors @ second.vectors.T)[~np.eye(400, dtype=bool)]
    assert (strangers >= least).mean() < 1e-3


def test_a_gallery_of_nobody_is_treated_as_one_person() -> None:
    assert stranger_rate(0.01, 0) == pytest.approx(0.01)
    assert GallerySize({}).persons == 0
