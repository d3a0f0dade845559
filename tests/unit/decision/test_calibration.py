"""From a similarity to an error rate and back, whatever the calibration and the gallery."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.decision.calibration import Calibration, GallerySize
from app.decision.open_set import Outcome, decide
from tests.support.fake_bundle import fake_calibration
from tests.unit.decision.calibrations import calibrations, similarities, sizes, targets

ABOVE_ANY_COSINE = np.float32(1) + 4 * np.finfo(np.float32).eps


def slow_fpir(calibration: Calibration, similarity: float, size: GallerySize) -> float:
    """The definition: a stranger is named unless each single person stays below the threshold."""
    moments, shape = calibration.moments, calibration.shape
    nobody = 1.0
    for templates, persons in size.persons_by_templates.items():
        length = (moments.coherence + (1 - moments.coherence) / templates) ** 0.5
        deviations = (similarity - moments.mean / length) / moments.deviation
        fmr = float(np.exp(np.interp(deviations, shape.deviations, shape.log_fmr)))
        nobody *= (1 - fmr) ** persons
    return 1 - nobody


@given(calibrations(), sizes, st.integers(0, 1024))
def test_the_rate_of_a_gallery_is_its_definition(
    calibration: Calibration, size: GallerySize, step: int
) -> None:
    similarity = float(calibration._grid[step])  # between these its logarithm is straight
    expected = slow_fpir(calibration, similarity, size)
    assert calibration.fpir(similarity, size) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(calibrations(), similarities, st.integers(1, 30))
def test_the_rate_of_one_comparison_is_that_of_a_gallery_of_one(
    calibration: Calibration, similarity: float, templates: int
) -> None:
    fmr = calibration.fmr(similarity, templates=templates)
    size = GallerySize({templates: 1})
    assert fmr == pytest.approx(slow_fpir(calibration, similarity, size), rel=1e-6, abs=1e-12)


@given(calibrations(), sizes, similarities, similarities)
def test_a_nearer_probe_is_never_likelier_to_be_a_stranger(
    calibration: Calibration, size: GallerySize, one: float, other: float
) -> None:
    low, high = sorted([one, other])
    assert 0 <= calibration.fpir(high, size) <= calibration.fpir(low, size) * (1 + 1e-12) <= 1.1


@given(calibrations(), sizes, similarities, st.integers(1, 30))
def test_a_larger_gallery_never_has_a_lower_rate(
    calibration: Calibration, size: GallerySize, similarity: float, templates: int
) -> None:
    larger = with_one_more(size, templates)
    before, after = (calibration.fpir(similarity, each) for each in (size, larger))
    assert after >= before * (1 - 1e-9)


@given(calibrations(), sizes, targets)
def test_the_threshold_keeps_its_promise(
    calibration: Calibration, size: GallerySize, target: float
) -> None:
    threshold = calibration.threshold(target, size)
    assert threshold.target == target
    assert calibration.fpir(threshold.similarity, size) <= target * (1 + 1e-6)


@given(calibrations(), sizes, targets)
def test_the_threshold_is_the_least_that_keeps_it(
    calibration: Calibration, size: GallerySize, target: float
) -> None:
    similarity = calibration.threshold(target, size).similarity
    assume(similarity > calibration._grid[0])
    lower = min(similarity, 1.0) - 1e-3
    assert calibration.fpir(lower, size) >= target * (1 - 1e-6)


# Where a made-up rate is flat or beyond all similarities there is no one answer, and often it is.
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(calibrations(), sizes, st.floats(0, 1))
def test_the_threshold_of_a_similaritys_rate_is_that_similarity(
    calibration: Calibration, size: GallerySize, place: float
) -> None:
    lax, strict = (calibration.threshold(target, size).similarity for target in (0.5, 1e-6))
    similarity = lax + place * (strict - lax)
    rate = calibration.fpir(similarity, size)
    near = calibration.fpir(similarity - 1e-3, size), calibration.fpir(similarity + 1e-3, size)
    assume(1e-12 < rate < 1 - 1e-9)
    assume(near[0] > rate * (1 + 1e-4) and rate > near[1] * (1 + 1e-4))
    assume(calibration._grid[0] < similarity < 1)
    assert calibration.threshold(rate, size).similarity == pytest.approx(similarity, abs=1e-3)


@given(calibrations(), sizes, targets, st.integers(1, 30))
def test_a_larger_gallery_never_has_a_lower_threshold(
    calibration: Calibration, size: GallerySize, target: float, templates: int
) -> None:
    larger = calibration.threshold(target, with_one_more(size, templates)).similarity
    assert larger >= calibration.threshold(target, size).similarity - 1e-9


@given(calibrations(), sizes, targets, targets)
def test_a_stricter_promise_never_has_a_lower_threshold(
    calibration: Calibration, size: GallerySize, one: float, other: float
) -> None:
    strict, lax = (calibration.threshold(each, size) for each in sorted([one, other]))
    assert strict.similarity >= lax.similarity - 1e-12
    assert strict.extrapolated >= lax.extrapolated


@given(calibrations(), sizes, targets)
def test_the_interval_holds_the_rate(
    calibration: Calibration, size: GallerySize, target: float
) -> None:
    threshold = calibration.threshold(target, size)
    low, high = threshold.interval
    at = min(threshold.similarity, 1.0)
    assert 0 <= low <= high <= 1
    assert low * (1 - 1e-6) <= slow_fpir(calibration, at, size) <= high * (1 + 1e-6)


@given(calibrations(), targets)
def test_an_empty_gallery_names_nobody_and_has_the_threshold_of_one_person(
    calibration: Calibration, target: float
) -> None:
    empty = GallerySize({})
    assert calibration.fpir(-1.0, empty) == 0
    one = calibration.threshold(target, GallerySize({1: 1}))
    assert calibration.threshold(target, empty) == one
    assert calibration.verification_threshold(target) == one


def test_a_promise_that_nothing_can_keep_names_nobody_not_even_by_rounding() -> None:
    calibration = Calibration.from_dict(fake_calibration())
    size = GallerySize({1: 10_000})
    threshold = calibration.threshold(1e-9, size)
    assert decide([float(ABOVE_ANY_COSINE)], threshold.similarity, margin=0).outcome is (
        Outcome.UNKNOWN
    )
    assert calibration.fpir(float(ABOVE_ANY_COSINE), size) == calibration.fpir(1.0, size) > 1e-9


def test_what_the_data_do_not_reach_is_called_extrapolated() -> None:
    calibration = Calibration.from_dict(fake_calibration())  # supported to 1e-5
    one, many = GallerySize({1: 1}), GallerySize({1: 1000})
    assert not calibration.threshold(2e-5, one).extrapolated
    assert calibration.threshold(5e-6, one).extrapolated
    assert calibration.threshold(2e-5, many).extrapolated
    assert not calibration.threshold(2e-2, many).extrapolated


def test_a_gallery_counts_its_persons_and_templates() -> None:
    size = GallerySize({1: 4, 3: 2})
    assert (size.persons, size.templates) == (6, 10)


def with_one_more(size: GallerySize, templates: int) -> GallerySize:
    counts = dict(size.persons_by_templates)
    counts[templates] = counts.get(templates, 0) + 1
    return GallerySize(counts)
