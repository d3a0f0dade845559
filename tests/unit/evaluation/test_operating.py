"""The answers at a threshold, here and in a larger gallery."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.fusion import ROUNDING
from app.decision.gallery_rates import GalleryRates
from app.decision.open_set import Outcome, decide
from app.decision.rates import GallerySize
from app.evaluation.operating import (
    KeptFirst,
    kept_first,
    larger,
    operating_point,
    verdict,
)
from app.evaluation.outcomes import outcomes
from app.evaluation.rates import Rate, fnir
from tests.unit.decision.people import people
from tests.unit.evaluation.galleries import MARGIN, gallery, made, rates_of, trials

similarity = st.floats(-1, 1, allow_subnormal=False)
probes = st.lists(st.tuples(similarity, similarity, similarity), min_size=1, max_size=8)


@given(probes, similarity, st.floats(0, 0.3))
def test_outcomes_are_what_the_service_decides(
    scores: list[tuple[float, float, float]], threshold: float, margin: float
) -> None:
    own = [each[0] for each in scores]
    others = [sorted(each[1:], reverse=True) for each in scores]
    best, second = [each[0] for each in others], [each[1] for each in others]
    found = outcomes(made(own, best, second=second), threshold, margin=margin)
    expected = {"identified": 0, "wrong": 0, "ambiguous": 0, "unknown": 0}
    stranger = dict.fromkeys(Outcome, 0)
    for mine, rest in zip(own, others, strict=True):
        decision = decide(sorted([mine, *rest], reverse=True), threshold, margin=margin)
        named = "identified" if mine > rest[0] + ROUNDING else "wrong"  # a tie counts against it
        identified = decision.outcome is Outcome.IDENTIFIED
        expected[named if identified else decision.outcome.value] += 1
        stranger[decide(rest, threshold, margin=margin).outcome] += 1
    assert expected == {
        "identified": found.identified,
        "wrong": found.wrong_person,
        "ambiguous": found.ambiguous,
        "unknown": found.unknown,
    }
    assert stranger[Outcome.IDENTIFIED] == found.stranger_named
    assert stranger[Outcome.AMBIGUOUS] == found.stranger_ambiguous
    assert stranger[Outcome.UNKNOWN] == found.stranger_unknown


def test_without_newcomers_the_expected_fnir_is_the_measured_one() -> None:
    everybody = gallery([3] * 30)
    some = trials(everybody)
    kept = kept_first(some, rates_of(everybody), 1)
    for threshold in (0.3, 0.7, 0.9):
        assert kept.fnir(threshold) == pytest.approx(fnir(some, threshold).rate)


def test_newcomers_who_come_first_are_misses() -> None:
    everybody = gallery([3] * 30)
    some, newcomers = trials(everybody), rates_of(everybody).typical.among(400)
    own = some.own[some.first & some.mated]
    for threshold in (0.5, 0.8):
        stay = [1 - newcomers.fpir(s) for s in own.tolist() if s >= threshold]
        expected = 1 - sum(stay) / some.mated.sum()
        assert KeptFirst(some, newcomers).fnir(threshold) == pytest.approx(expected)
        assert expected > fnir(some, threshold).rate


def test_a_larger_gallery_is_judged_by_the_people_it_will_have() -> None:
    """Few people leave their spread open, for which their own thresholds allow."""
    vectors, labels = people(800, 2)
    bundle = fit(vectors, labels, contract_id="none", data="numbers", margin=MARGIN)

    def rates(persons: int, seed: int) -> GalleryRates:
        cohort = Cohort.of(people(persons, 1, seed=seed)[0])
        return GalleryRates(bundle, cohort, GallerySize(persons, persons))

    few, many = ([rates(persons, seed) for seed in range(60)] for persons in (12, 120))
    expected = np.mean([each.typical.limit(0.01) for each in many])
    found = np.mean([larger(each, 10).limit(0.01) for each in few])
    today = np.mean([each.typical.among(120).limit(0.01) for each in few])
    assert found == pytest.approx(expected, abs=0.02)
    assert abs(found - expected) < abs(today - expected)
    assert larger(few[0], 1).limit(0.01) == pytest.approx(few[0].typical.limit(0.01))


def test_a_larger_gallery_needs_a_higher_threshold_and_misses_more() -> None:
    everybody = gallery([3] * 30)
    some, rates = trials(everybody), rates_of(everybody)
    point = operating_point(some, rates, 0.01, margin=MARGIN, factor=10)
    assert point.here.similarity == rates.typical.threshold(0.01).similarity
    assert point.larger.persons == 300
    assert point.larger.similarity > point.here.similarity
    assert point.larger.fnir >= point.here.fnir.rate
    least, most = point.larger.fnir_interval
    assert 0 <= least < point.larger.fnir < most <= 1
    low, high = point.larger.stated
    assert low < 0.01 < high


def test_the_images_own_rate_is_scaled_as_independent_galleries() -> None:
    everybody = gallery([3] * 30)
    some = trials(everybody)
    point = operating_point(some, rates_of(everybody), 0.5, margin=MARGIN, factor=10)
    seen = np.mean(some.best >= point.larger.similarity)
    assert point.larger.fpir_scaled[0] == pytest.approx(1 - (1 - seen) ** 10)
    assert point.larger.fpir_scaled[1] <= point.larger.fpir_scaled[0] <= point.larger.fpir_scaled[2]


def test_a_verdict_is_of_the_interval() -> None:
    measured = Rate(0.02, 0.01, 0.05, 2, 100, 50)
    assert verdict(measured, 0.01) == "consistent"
    assert verdict(measured, 0.001) == "exceeded"
    assert verdict(measured, 0.1) == "stricter"
