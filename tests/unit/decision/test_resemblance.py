"""Two persons' nearness, by what each of the two has to all others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration
from app.decision.fit import fit
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.decision.resemblance import Members
from tests.support.fake_bundle import cohort_of, random_people
from tests.unit.decision.calibrations import calibrations, targets
from tests.unit.decision.people import people


@given(calibrations(), targets, st.floats(1, 100), st.integers(2, 12), st.integers(0, 99))
def test_a_pair_is_rare_where_it_reaches_the_limits_of_both(
    calibration: Calibration, rate: float, factor: float, persons: int, seed: int
) -> None:
    vectors = random_people(persons, 8, seed=seed)
    size = GallerySize(persons, persons)
    rates = GalleryRates(calibration, cohort_of(vectors), size, factor)
    members = Members.of(rates, vectors)
    one, other = np.triu_indices(persons, 1)
    similarity = np.sum(vectors[one] * vectors[other], axis=1).astype(np.float64)
    limits = members.limits(rate)
    fmr = members.pair_fmr(one, other, similarity)
    both = np.maximum(limits[one], limits[other])
    assert (fmr[similarity >= both + 1e-6] <= rate * (1 + 1e-6)).all()
    if np.log(rate / factor) < calibration.tail.log_fmr[0]:
        assert (fmr[similarity < both - 1e-6] >= rate * (1 - 1e-6)).all()
    assert (fmr <= 1).all()


@pytest.mark.parametrize("common", [0.1, 0.25, 0.5])
def test_strangers_are_as_rarely_alike_as_it_says(common: float) -> None:
    vectors, labels = people(800, 2)
    calibration = fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)
    enrolled = people(400, 1, seed=5, common=common)[0]
    rates = GalleryRates(calibration, cohort_of(enrolled), GallerySize(400, 400))
    members = Members.of(rates, enrolled)
    one, other = np.triu_indices(400, 1)
    similarity = np.sum(enrolled[one] * enrolled[other], axis=1).astype(np.float64)
    fmr = members.pair_fmr(one, other, similarity)
    for share in (0.1, 0.01, 0.001):
        # Both say that a pair is rare, which is at most as rare as either says.
        assert 0.2 * share < (fmr <= share).mean() < 1.3 * share


def test_where_no_score_is_rare_enough_no_pair_is() -> None:
    calibration = fit(*people(60, 2), contract_id="c", data="d", margin=0.0)
    enrolled = people(5, 1)[0]
    rates = GalleryRates(calibration, cohort_of(enrolled), GallerySize(5, 5))
    assert (Members.of(rates, enrolled).limits(1e-200) == np.inf).all()
