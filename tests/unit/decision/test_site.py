"""How far a gallery is from the bundle, and from when on that is called a misfit."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.decision.site import SiteFit, fit_site
from tests.support.fake_bundle import random_people
from tests.unit.decision.calibrations import calibrations, sizes, targets
from tests.unit.decision.people import people


@cache
def bundle() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="people of numbers", margin=0.03)


def at(persons: int, *, common: float, seed: int = 0) -> SiteFit:
    vectors = people(persons, 1, seed=seed, common=common)[0]
    size = GallerySize(persons, persons)
    return fit_site(GalleryRates(bundle(), Cohort.of(vectors), size), 0.01)


@pytest.mark.parametrize("persons", [2, 5, 20, 100])
def test_people_like_the_bundles_fit_it(persons: int) -> None:
    fitting = [at(persons, common=0.25, seed=seed).fits for seed in range(1, 41)]
    assert np.mean(fitting) >= 0.9


@pytest.mark.parametrize(("persons", "least"), [(10, 0.05), (20, 0.2), (50, 0.95)])
def test_the_more_people_look_alike_the_likelier_it_is_found(persons: int, least: float) -> None:
    found = [at(persons, common=0.5, seed=seed) for seed in range(20)]
    assert np.mean([not each.fits for each in found]) >= least
    for each in found:
        assert each.interval[0] < each.ratio < each.interval[1]
        assert each.shift > 0


def test_people_who_look_less_alike_do_not_fit_either() -> None:
    found = at(200, common=0.0)
    assert (found.fits, found.ratio < 0.5) == (False, True)
    assert found.shift < 0


def test_the_ratio_is_about_what_strangers_do_at_the_bundles_threshold() -> None:
    vectors = people(2100, 1, seed=3, common=0.4)[0]
    enrolled, strangers = vectors[:100], vectors[100:]
    found = fit_site(GalleryRates(bundle(), Cohort.of(enrolled), GallerySize(100, 100)), 0.01)
    named = (strangers @ enrolled.T).max(axis=1) >= found.bundle.similarity
    low, high = found.interval
    assert low < named.mean() / 0.01 < high


@given(calibrations(), st.integers(0, 50), st.floats(0, 3), targets, sizes)
@pytest.mark.filterwarnings("error")
def test_whatever_the_people_numbers_come_out(
    calibration: Calibration, persons: int, pull: float, target: float, size: GallerySize
) -> None:
    rows = random_people(persons, 8, seed=persons).astype(np.float64)
    rows[:, 0] += pull
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = fit_site(GalleryRates(calibration, Cohort.of(rows.astype(np.float32)), size), target)
    numbers = [found.ratio, *found.interval]
    assert np.isfinite([*numbers, found.shift, found.stretch]).all()
    assert min(numbers) >= 0
    assert found.interval[0] <= found.ratio <= found.interval[1]
    if persons < 2:
        assert found.ratio == pytest.approx(1)
        assert (found.shift, found.stretch, found.fits) == (0, 1, True)


@given(calibrations(), targets)
def test_an_empty_gallery_is_treated_as_one_person(calibration: Calibration, target: float) -> None:
    empty, one = (
        fit_site(GalleryRates(calibration, Cohort.of(np.empty((0, 8), np.float32)), size), target)
        for size in (GallerySize(0, 0), GallerySize(1, 1))
    )
    assert empty == one
