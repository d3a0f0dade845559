"""Rates by count, intervals by people."""

import numpy as np
import pytest

from app.evaluation.rates import (
    false_negatives,
    fnir,
    fpir,
    least_rate,
    own_threshold,
    persons_needed,
    share,
    thresholds,
    wilson,
)
from tests.unit.evaluation.galleries import gallery, made, plain, trials


def test_toy_numbers() -> None:
    toy = made(
        own=[0.9, 0.6, 0.7, 0.5, -np.inf],
        best=[0.3, 0.4, 0.7, 0.55, 0.8],
        owner=[0, 0, 1, 2, 3],
    )
    # At 0.65: 0.6 is too low, 0.7 only equals an impostor, 0.5 is neither; the last has no mate.
    assert false_negatives(toy, 0.65).tolist() == [False, True, True, True, False]
    missed = fnir(toy, 0.65)
    assert (missed.events, missed.trials, missed.persons) == (3, 4, 3)
    assert missed.rate == 0.75
    named = fpir(toy, 0.7)
    assert (named.events, named.trials, named.persons) == (2, 5, 4)  # equality reaches it
    assert fpir(toy, 0.81).events == 0
    among = np.array([False, False, True, True, False])
    assert fnir(toy, 0.0, among=among).trials == 2
    assert fpir(toy, 0.7, among=among).rate == 0.5


def test_no_error_among_n_people_is_the_rule_of_three_for_both_sides() -> None:
    nothing = share(np.zeros(400, bool), np.repeat(np.arange(40), 10))
    assert nothing.low == 0
    assert nothing.high == least_rate(40) == pytest.approx(3.84 / 43.84, rel=1e-3)
    assert least_rate(persons_needed(0.001)) <= 0.001 < least_rate(persons_needed(0.001) - 1)


def test_wilson_is_the_published_interval() -> None:
    assert wilson(0.1, 50) == pytest.approx((0.0435, 0.2136), abs=2e-4)
    assert wilson(1.0, 10)[1] == 1.0


def test_ten_photos_each_count_as_one_person_where_they_err_together() -> None:
    owner = np.repeat(np.arange(30), 10)
    together = share(owner < 6, owner)
    alone = share(np.arange(30) < 6, np.arange(30))
    assert together.low == pytest.approx(alone.low, abs=1e-3)
    assert together.high == pytest.approx(alone.high, abs=1e-3)


def test_one_person_whom_everybody_resembles_widens_the_interval() -> None:
    owner, events = np.arange(60), np.arange(60) % 3 == 1
    one = share(events, owner, np.zeros(60, np.int64))
    spread = share(events, owner, np.roll(owner, 1))
    assert one.high - one.low > 1.3 * (spread.high - spread.low)


def test_the_variance_of_misses_is_that_of_people_drawn_again_and_again() -> None:
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(80), rng.integers(1, 12, 80))
    events = (rng.random(80) < 0.3)[owner]  # all of a person's or none, unequally many
    rate = share(events, owner)
    tried, erred = np.bincount(owner), np.bincount(owner[events], minlength=80)
    drawn = rng.integers(0, 80, (4000, 80))
    deviation = (erred[drawn].sum(axis=1) / tried[drawn].sum(axis=1)).std()
    expected = wilson(rate.rate, rate.rate * (1 - rate.rate) / deviation**2)
    assert (rate.low, rate.high) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("persons", "images"), [(20, 3), (60, 2)])
def test_intervals_hold_the_true_rate_and_threshold(persons: int, images: int) -> None:
    """300 galleries of one population: about 95 of 100 intervals hold what is true of all."""
    drawn = [trials(gallery([images] * persons, seed=seed)) for seed in range(300)]
    for threshold in (0.8, 0.9):
        for measure in (fpir, fnir):
            rates = [measure(each, threshold) for each in drawn]
            true = np.mean([rate.rate for rate in rates])
            assert np.mean([rate.low <= true <= rate.high for rate in rates]) >= 0.92
    drawn = [plain(gallery([images] * persons, seed=seed)) for seed in range(300)]  # on one scale
    true = np.quantile(np.concatenate([each.best for each in drawn]), 0.9)
    own = [own_threshold(each, 0.1) for each in drawn[:60]]
    assert np.mean([o.low <= true and (o.high is None or true <= o.high) for o in own]) >= 0.9


def test_an_own_threshold_is_the_least_that_keeps_the_target() -> None:
    few = trials(gallery([3] * 30))
    own = own_threshold(few, 0.1)
    assert fpir(few, own.similarity).rate <= 0.1
    assert fpir(few, float(np.nextafter(own.similarity, -1))).rate > 0.1
    assert own.low <= own.similarity


def test_few_people_show_no_threshold_for_a_low_target() -> None:
    few = trials(gallery([3] * 30))
    assert own_threshold(few, 0.001).high is None
    reachable = own_threshold(few, 0.3).high
    assert reachable is not None
    assert fpir(few, reachable).high <= 0.3


def test_a_stricter_threshold_names_no_more_strangers_and_misses_no_fewer_people() -> None:
    some = trials(gallery([1, 2, 3, 4] * 10))
    at = thresholds(some)
    assert (np.diff(at) > 0).all()
    assert (np.diff([fpir(some, each).rate for each in at]) <= 0).all()
    assert (np.diff([fnir(some, each).rate for each in at]) >= 0).all()
    assert fpir(some, at[0]).rate == 1
    assert fpir(some, at[-1]).rate == 0
