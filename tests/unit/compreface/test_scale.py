"""Kith's threshold is 0.5 on CompreFace's scale, and the decision alone says on which side."""

from hypothesis import given
from hypothesis import strategies as st

from app.compreface.scale import scaled

COSINES = st.floats(-1, 1)
THRESHOLDS = st.floats(-1, 1.001)


@given(THRESHOLDS)
def test_the_threshold_is_a_half(threshold: float) -> None:
    assert scaled(min(threshold, 1), threshold, is_match=True) == 0.5
    assert scaled(min(threshold, 1), threshold, is_match=False) == 0.49999


@given(COSINES, COSINES, THRESHOLDS, st.booleans())
def test_nearer_is_never_less(one: float, other: float, threshold: float, is_match: bool) -> None:
    low, high = sorted((one, other))
    numbers = [scaled(each, threshold, is_match=is_match) for each in (low, high)]
    assert numbers == sorted(numbers)
    assert all(0 <= each <= 1 and each == round(each, 5) for each in numbers)


@given(st.none() | COSINES, THRESHOLDS)
def test_the_decision_says_on_which_side(similarity: float | None, threshold: float) -> None:
    assert scaled(similarity, threshold, is_match=True) >= 0.5
    assert scaled(similarity, threshold, is_match=False) < 0.5


def test_the_scale_is_compreface_s() -> None:
    """Its formula for a distance of 1.0 and its default model, whose c0 is a cosine of 0.3017."""
    threshold = 1 - 1.1818**2 / 2
    assert scaled(0.5, threshold, is_match=True) == 0.8726
    assert scaled(None, threshold, is_match=False) == 0
