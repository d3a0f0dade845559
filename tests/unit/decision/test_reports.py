"""Confirmed false positives show how the real rate differs from the stated one, and move
thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.decision.rates import ProbeRates
from app.decision.reports import NO_REPORTS, Reports, believed, most_of_one_reporter
from app.decision.standardise import Norms
from tests.unit.decision.calibrations import targets
from tests.unit.decision.test_rates import TAIL

counts = st.integers(0, 10_000)


def fifty(factor: float) -> ProbeRates:
    """The rates of a probe among fifty people."""
    return ProbeRates(Norms.known(np.zeros(1), np.array([0.2])), TAIL, 50, factor)


@given(st.integers(1, 3000))
def test_the_lower_limit_is_below_the_exact_one_and_near_it(count: int) -> None:
    exact = stats.gamma.ppf(0.05, count)
    limit = Reports(count, 1e-6).factor * 1e-6
    assert limit <= exact * (1 + 1e-3)
    assert limit >= exact * (0.75 if count < 5 else 0.98)


@given(counts, st.floats(1e-6, 1e5))
def test_reports_never_make_a_threshold_laxer(count: int, expected: float) -> None:
    before, after = (
        fifty(factor).threshold(0.01) for factor in (1.0, Reports(count, expected).factor)
    )
    assert after.similarity >= before.similarity
    assert after.extrapolated >= before.extrapolated


def test_as_many_as_stated_change_nothing() -> None:
    for count in (1, 10, 100):
        assert Reports(count, float(count)).factor == 1
    assert NO_REPORTS.factor == Reports(0, 0.0).factor == 1


@given(counts, counts, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_more_of_them_and_fewer_expected_are_never_less_strict(
    one: int, other: int, some: float, more: float
) -> None:
    few, many = sorted([one, other])
    low, high = sorted([some, more])
    assert Reports(many, low).factor >= Reports(few, high).factor


class Door:
    """A collection that states 1 % while strangers come ``truth`` times as near as it thinks."""

    def __init__(
        self, truth: float, *, reported: float, strangers: float, seed: int, target: float = 0.01
    ) -> None:
        self.target = target
        self.real = fifty(truth)
        self.reported, self.strangers = reported, strangers
        self.rng = np.random.default_rng(seed)
        self.count, self.expected = 0, 0.0

    @property
    def factor(self) -> float:
        return believed(self.count, self.expected, self.target).factor

    def day(self, probes: int) -> float:
        """How often a stranger was named; each time is reported with chance ``reported``."""
        factor = self.factor
        rate = self.real.fpir(fifty(factor).limit(self.target))
        named = self.rng.binomial(self.rng.binomial(probes, self.strangers), rate)
        self.expected += probes * self.target / factor
        self.count += int(self.rng.binomial(named, self.reported))
        return rate


@pytest.mark.parametrize("truth", [3.0, 10.0, 30.0])
def test_a_door_that_names_too_many_comes_back_to_what_it_stated(truth: float) -> None:
    rates = []
    for seed in range(20):
        door = Door(truth, reported=1, strangers=1, seed=seed)
        first = door.day(200)
        assert first == pytest.approx(min(0.01 * truth, 1), rel=0.15)
        history = [door.day(200) for _ in range(60)]
        rates.append(history[-1])
    assert np.mean(rates) < 0.013
    assert np.max(rates) < 0.02


def test_a_door_that_keeps_its_promise_is_hardly_touched() -> None:
    factors = []
    for seed in range(40):
        door = Door(1.0, reported=1, strangers=1, seed=seed)
        for _ in range(60):
            door.day(200)
        factors.append(door.factor)
    assert np.mean(np.array(factors) == 1) > 0.85
    assert np.max(factors) < 1.3


@pytest.mark.parametrize(("reported", "strangers"), [(0.3, 1.0), (1.0, 0.3), (0.5, 0.5)])
def test_what_nobody_reports_makes_the_bound_lower_and_never_wrong(
    reported: float, strangers: float
) -> None:
    """The bound sees the share that is reported, and no more, where the real rate is ten times as
    high."""
    factors = []
    for seed in range(20):
        door = Door(10.0, reported=reported, strangers=strangers, seed=seed)
        for _ in range(60):
            door.day(200)
        factors.append(door.factor)
    seen = 10 * reported * strangers
    assert np.mean(np.array(factors) <= seen * 1.1) > 0.9
    assert np.mean(factors) > 0.7 * seen


@given(st.integers(1, 10_000), st.floats(0, 1e5), targets)
def test_reports_raise_a_rate_by_no_more_than_their_number(
    count: int, expected: float, target: float
) -> None:
    factor = believed(count, expected, target).factor
    assert 1 <= factor <= (1 + count) * (1 + 1e-9)
    floor = max(expected, count * target)
    assert factor <= Reports(count, floor).factor * (1 + 1e-9)
    if Reports(count, floor).factor <= 1 + count:
        assert factor == pytest.approx(Reports(count, floor).factor)


def test_two_reports_on_a_gallery_that_was_hardly_asked_raise_it_threefold_at_most() -> None:
    assert Reports(2, 0.002).factor > 100
    assert believed(2, 0.002, 0.001).factor == pytest.approx(3)
    assert believed(0, 0.0, 0.001) == NO_REPORTS


def test_one_key_counts_as_much_as_the_worst_camera_that_was_measured() -> None:
    assert most_of_one_reporter(0.0) == most_of_one_reporter(0.6) == 20
    assert most_of_one_reporter(12.0) == 360


def test_a_strict_door_comes_back_though_each_report_proves_little() -> None:
    rates = []
    for seed in range(20):
        door = Door(30.0, reported=1, strangers=1, seed=seed, target=0.001)
        rates.append([door.day(200) for _ in range(60)][-1])
    assert np.mean(rates) < 0.0016
