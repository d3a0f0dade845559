"""What would be answered at a threshold, here and in a larger gallery."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import GallerySize
from app.decision.fusion import ROUNDING
from app.decision.open_set import Outcome, decide
from app.evaluation.operating import KeptFirst, operating_point, outcomes, times, verdict
from app.evaluation.rates import Rate, fnir
from tests.unit.evaluation.galleries import calibration, gallery, made, trials

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
    some = trials(gallery([3] * 30))
    kept = KeptFirst(some, calibration(), times(GallerySize({3: 30}), 0))
    for threshold in (0.3, 0.7, 0.9):
        assert kept.fnir(threshold) == pytest.approx(fnir(some, threshold).rate)


def test_newcomers_who_come_first_are_misses() -> None:
    some, newcomers = trials(gallery([3] * 30)), GallerySize({3: 400})
    own = some.own[some.first & some.mated]
    for threshold in (0.5, 0.8):
        stay = [1 - calibration().fpir(s, newcomers) for s in own.tolist() if s >= threshold]
        expected = 1 - sum(stay) / some.mated.sum()
        kept = KeptFirst(some, calibration(), newcomers)
        assert kept.fnir(threshold) == pytest.approx(expected, abs=0.005)
        assert expected > fnir(some, threshold).rate


def test_a_larger_gallery_needs_a_higher_threshold_and_misses_more() -> None:
    some, size = trials(gallery([3] * 30)), GallerySize({3: 30})
    point = operating_point(some, calibration(), size, 0.01, factor=10)
    assert point.here.similarity == calibration().threshold(0.01, size).similarity
    assert point.larger.persons == 300
    assert point.larger.similarity == calibration().threshold(0.01, times(size, 10)).similarity
    assert point.larger.similarity > point.here.similarity
    assert point.larger.fnir >= point.here.fnir.rate
    low, high = point.larger.stated
    assert low < 0.01 < high


def test_the_images_own_rate_is_scaled_as_independent_galleries() -> None:
    some, size = trials(gallery([3] * 30)), GallerySize({3: 30})
    point = operating_point(some, calibration(), size, 0.5, factor=10)
    seen = np.mean(some.best >= point.larger.similarity)
    assert point.larger.fpir_scaled[0] == pytest.approx(1 - (1 - seen) ** 10)
    assert point.larger.fpir_scaled[1] <= point.larger.fpir_scaled[0] <= point.larger.fpir_scaled[2]


def test_a_verdict_is_of_the_interval() -> None:
    measured = Rate(0.02, 0.01, 0.05, 2, 100, 50)
    assert verdict(measured, 0.01) == "consistent"
    assert verdict(measured, 0.001) == "exceeded"
    assert verdict(measured, 0.1) == "stricter"
