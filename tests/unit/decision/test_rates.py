"""From a similarity to an error rate and back, whatever the probe and the gallery."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.decision.impostor_tail import ImpostorTail
from app.decision.open_set import Outcome, decide
from app.decision.rates import ProbeRates, comparison_rate
from app.decision.standardise import Norms, Weight
from tests.unit.decision.calibrations import rates, similarities, targets

ABOVE_ANY_COSINE = np.float32(1) + 4 * np.finfo(np.float32).eps
TAIL = ImpostorTail(
    np.array([-4.0, 0.0, 2.0, 3.6, 4.0]),
    np.log([1.0, 0.5, 1e-2, 1e-6, 1e-8]),
    np.full(5, 0.25),
    1e-5,
)


def probe(persons: int, *, factor: float = 1.0, deviation: float = 0.2) -> ProbeRates:
    norm = Norms.known(np.zeros(1), np.array([deviation]))
    return ProbeRates(norm, TAIL, persons, factor)


def slow_fpir(rates: ProbeRates, similarity: float) -> float:
    """The definition: a stranger is named unless each single person stays below the threshold."""
    z = float(rates.norm.z(np.array([similarity]))[0])
    rate = float(np.exp(np.interp(z, rates.tail.z, rates.tail.log_fmr)))
    return 1 - (1 - min(rate * rates.factor, 1.0)) ** rates.persons


@given(rates, similarities)
def test_the_rate_of_a_gallery_is_its_definition(rates: ProbeRates, similarity: float) -> None:
    expected = slow_fpir(rates, similarity)
    assert rates.fpir(similarity) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    one = replace(rates, persons=1)
    assert rates.fmr(similarity) == pytest.approx(one.fpir(similarity), rel=1e-6, abs=1e-9)


@given(rates, st.lists(similarities, max_size=6))
def test_rates_are_the_same_one_by_one_and_together(
    rates: ProbeRates, similarities: list[float]
) -> None:
    assert rates.fpirs(similarities) == [rates.fpir(each) for each in similarities]


@given(rates, similarities, similarities)
def test_a_nearer_probe_is_never_likelier_to_be_a_stranger(
    rates: ProbeRates, one: float, other: float
) -> None:
    low, high = sorted([one, other])
    assert 0 <= rates.fpir(high) <= rates.fpir(low) <= 1


@given(rates, similarities)
def test_a_larger_gallery_never_has_a_lower_rate(rates: ProbeRates, similarity: float) -> None:
    larger = replace(rates, persons=rates.persons + 1)
    assert larger.fpir(similarity) >= rates.fpir(similarity)


@given(rates, targets)
def test_the_threshold_keeps_its_promise_or_cannot_be_reached(
    rates: ProbeRates, target: float
) -> None:
    threshold = rates.threshold(target)
    assert threshold.target == target
    assert rates.limit(target) == threshold.similarity
    kept = rates.fpir(threshold.similarity) <= target * (1 + 1e-6)
    assert kept or threshold.similarity > 1


@given(rates, targets)
def test_the_threshold_is_the_least_that_keeps_it(rates: ProbeRates, target: float) -> None:
    rate = np.log(comparison_rate(target, rates.persons) / rates.factor)
    assume(rate < rates.tail.log_fmr[0])  # else there is no least similarity
    lower = min(rates.threshold(target).similarity, 1.0) - 1e-3
    assert rates.fpir(lower) >= target * (1 - 1e-6)


@given(rates, targets)
def test_a_larger_gallery_never_has_a_lower_threshold(rates: ProbeRates, target: float) -> None:
    larger = replace(rates, persons=rates.persons + 1)
    found = [min(each.threshold(target).similarity, 1.001) for each in (rates, larger)]
    assert found[1] >= found[0] - 1e-9


@given(rates, targets, targets)
def test_a_stricter_promise_never_has_a_lower_threshold(
    rates: ProbeRates, one: float, other: float
) -> None:
    strict, lax = (rates.threshold(each) for each in sorted([one, other]))
    assert min(strict.similarity, 1.001) >= min(lax.similarity, 1.001) - 1e-12
    assert strict.extrapolated >= lax.extrapolated


@given(rates, targets, st.floats(1, 1e4))
def test_a_factor_makes_rates_as_many_times_as_high_and_no_threshold_lower(
    rates: ProbeRates, target: float, factor: float
) -> None:
    raised = replace(rates, factor=rates.factor * factor)
    for similarity in (-0.5, 0.1, 0.6, 1.0):
        expected = min(rates.fmr(similarity) * factor, 1.0)
        assert raised.fmr(similarity) == pytest.approx(expected, rel=1e-6) or rates.fmr(
            similarity
        ) == pytest.approx(1)
        assert raised.fpir(similarity) >= rates.fpir(similarity) * (1 - 1e-9)
    before, after = (min(each.threshold(target).similarity, 1.001) for each in (rates, raised))
    assert after >= before - 1e-9


@given(rates, targets)
@pytest.mark.filterwarnings("error")
def test_the_interval_holds_the_rate(rates: ProbeRates, target: float) -> None:
    threshold = rates.threshold(target)
    low, high = threshold.interval
    at = min(threshold.similarity, 1.0)
    assert 0 <= low <= high <= 1
    assert low * (1 - 1e-6) - 1e-12 <= rates.fpir(at) <= high * (1 + 1e-6) + 1e-12


def test_the_fewer_people_the_wider_the_interval() -> None:
    widths = []
    for persons in (8, 50, 5000):
        squares = np.array([0.1**2 * (20 + persons)])
        norm = Norms(float(persons), np.zeros(1), squares, Weight(1.0, 20.0))
        low, high = ProbeRates(norm, TAIL, 50).threshold(0.05).interval
        widths.append(high / low)
    assert widths[0] > 1.5 * widths[1] > 1.5 * widths[2]


@given(rates, targets)
def test_an_empty_gallery_names_nobody_and_has_the_threshold_of_one_person(
    rates: ProbeRates, target: float
) -> None:
    empty, one = replace(rates, persons=0), replace(rates, persons=1)
    assert empty.fpir(1.0) == 0
    assert empty.threshold(target) == one.threshold(target)
    assert rates.verification_threshold(target) == one.threshold(target)


def test_a_promise_that_nothing_can_keep_names_nobody_not_even_by_rounding() -> None:
    rates = probe(10_000)
    threshold = rates.threshold(1e-9)
    nearest = float(ABOVE_ANY_COSINE)
    assert decide([nearest], threshold.similarity, margin=0).outcome is Outcome.UNKNOWN
    assert rates.fpir(nearest) == rates.fpir(1.0) > 1e-9


def test_what_the_data_do_not_reach_is_called_extrapolated() -> None:
    one, many = probe(1), probe(1000)  # supported to 1e-5
    assert not one.threshold(2e-5).extrapolated
    assert one.threshold(5e-6).extrapolated
    assert many.threshold(2e-5).extrapolated
    assert not many.threshold(2e-2).extrapolated
    assert many.is_extrapolated(2e-5)
    assert not many.is_extrapolated(2e-2)
    assert probe(1000, factor=100).threshold(2e-2).extrapolated


def test_candidates_outside_of_the_cohort_are_not_taken_out_of_it() -> None:
    """Among few people it is surprising to be far from all others, and to be so from all."""
    norm = Norms(10.0, np.zeros(1), np.array([0.2**2 * 30]), Weight(1.0, 20.0))
    few = ProbeRates(norm, TAIL, 5)
    assert few.outside.fpir(0.6) > few.fpir(0.6)
    assert few.outside.threshold(0.01).similarity > few.threshold(0.01).similarity


@given(targets, st.integers(1, 100_000))
def test_the_rate_of_one_comparison_keeps_the_gallerys(target: float, persons: int) -> None:
    gallerys = -np.expm1(persons * np.log1p(-comparison_rate(target, persons)))
    assert gallerys == pytest.approx(target, rel=1e-6)


def test_the_rate_of_one_comparison_with_nobody_is_that_with_one_person() -> None:
    assert comparison_rate(0.01, 0) == pytest.approx(0.01)


@pytest.mark.parametrize("target", [1e-12, 0.5, 0.999999])
@pytest.mark.filterwarnings("error")
def test_any_size_and_any_promise_have_a_threshold(target: float) -> None:
    for persons in (1, 2**31):
        for factor in (1.0, 1e6):
            found = probe(persons, factor=factor).threshold(target)
            assert np.isfinite([found.similarity, *found.interval]).all()
