"""Two persons' nearness, by what each of the two has to all others."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import MOST_MASKED, GallerySize, comparison_rate
from app.decision.resemblance import Members
from tests.support.fake_bundle import random_people
from tests.unit.decision.calibrations import calibrations, targets
from tests.unit.decision.people import people


@given(calibrations(), targets, st.floats(1, 100), st.integers(2, 12), st.integers(0, 99))
def test_each_is_judged_as_a_probe_of_the_others_is(
    calibration: Calibration, rate: float, factor: float, persons: int, seed: int
) -> None:
    vectors = random_people(persons, 8, seed=seed)
    size = GallerySize(persons, persons)
    rates = GalleryRates(calibration, Cohort.of(vectors), size, factor)
    members = Members.of(rates, vectors)
    nearest = -np.sort(-(vectors @ vectors.T), axis=1)[:, 1:]
    own = members.judging(np.arange(persons), nearest, rate)
    assert len(own) == persons
    for at, each in enumerate(own):
        others = GalleryRates(calibration, Cohort.of(np.delete(vectors, at, axis=0)), size, factor)
        expected = others.of(vectors[at : at + 1])[0].among(1).unmasked(nearest[at].tolist(), rate)
        assert each.limit(rate) == pytest.approx(expected.limit(rate), abs=1e-5)
        if nearest[at, 0] >= each.limit(rate):
            assert nearest[at, 0] >= members.limits(rate)[at] - 1e-6


@pytest.mark.parametrize("common", [0.1, 0.25, 0.5])
def test_strangers_are_as_rarely_alike_as_it_says(common: float) -> None:
    vectors, labels = people(800, 2)
    calibration = fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)
    enrolled = people(400, 1, seed=5, common=common)[0]
    rates = GalleryRates(calibration, Cohort.of(enrolled), GallerySize(400, 400))
    members = Members.of(rates, enrolled)
    one, other = np.triu_indices(400, 1)
    own = members.judging(np.arange(400), -np.sort(-(enrolled @ enrolled.T), axis=1)[:, 1:4], 1e-3)
    each = np.array([one.fpirs(enrolled @ row) for one, row in zip(own, enrolled, strict=True)])
    fmr = np.maximum(each, each.T)[one, other]
    for share in (0.1, 0.01, 0.001):
        # Both say that a pair is rare, which is at most as rare as either says.
        assert 0.2 * share < (fmr <= share).mean() < 1.3 * share


def test_where_no_score_is_rare_enough_no_pair_is() -> None:
    calibration = fit(*people(60, 2), contract_id="c", data="d", margin=0.0)
    enrolled = people(5, 1)[0]
    rates = GalleryRates(calibration, Cohort.of(enrolled), GallerySize(5, 5))
    assert (Members.of(rates, enrolled).limits(1e-200) == np.inf).all()


@given(
    calibrations(), st.floats(1e-6, 0.4), st.integers(1, MOST_MASKED), st.integers(MOST_MASKED, 12)
)
def test_people_who_are_equally_near_are_not_judged_by_each_other(
    calibration: Calibration, rate: float, together: int, persons: int
) -> None:
    vectors = random_people(persons + 1, 8, seed=persons)
    size = GallerySize(persons, persons)
    rates = GalleryRates(calibration, Cohort.of(vectors[1:]), size)
    norm, z = rates.norms(vectors[:1]), calibration.tail.z_at(float(np.log(rate)))
    similarity = norm.similarity(z, together=together)
    others = replace(norm, bound=None)  # so near a person is not there, whose going is bounded
    for _ in range(together):
        others = others.without(similarity)
    judging = replace(others, inside=False, bound=norm.bound)
    assert judging.z(similarity)[0] == pytest.approx(z, abs=1e-5)


@pytest.mark.parametrize("names", [2, 3, 4, 5])
@pytest.mark.parametrize("others", [3, 10, 300])
def test_the_limit_of_one_person_under_other_names_is_that_of_one_name(
    names: int, others: int
) -> None:
    calibration = fit(*people(400, 2), contract_id="c", data="d", margin=0.0)
    strangers, rate = people(others, 1, seed=5)[0], comparison_rate(0.01, others)
    one = people(1, names + 1, seed=6)[0]

    def limit(enrolled: Vectors) -> float:
        size = GallerySize(len(enrolled), len(enrolled))
        members = Members.of(GalleryRates(calibration, Cohort.of(enrolled), size), enrolled)
        nearest = -np.sort(-(one[:1] @ enrolled.T), axis=1)[:, 1:]
        assert nearest[0, 0] >= members.limits(rate)[others]
        [own] = members.judging(np.array([others]), nearest, rate)
        return own.limit(rate)

    alone, several = (limit(np.concatenate([strangers, one[:each]])) for each in (2, names + 1))
    assert several == pytest.approx(alone, abs=0.01)
    assert several < (one[1:] @ one[0]).min()
