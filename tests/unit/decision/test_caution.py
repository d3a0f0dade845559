"""The warnings about a threshold whose evidence is weak."""

import pytest

from app.decision.caution import FEW, caution
from app.decision.rates import Threshold


def threshold(*, extrapolated: bool) -> Threshold:
    return Threshold(0.5, 1e-5, (1e-6, 1e-4), extrapolated)


def test_nothing_is_said_where_the_data_support_the_rate() -> None:
    assert caution(threshold(extrapolated=False), persons=FEW, least=0.001) is None


@pytest.mark.parametrize(
    ("persons", "said"), [(0, "Nobody is enrolled"), (1, "1 person is"), (19, "19 people are")]
)
def test_few_people_are_said(persons: int, said: str) -> None:
    words = caution(threshold(extrapolated=False), persons=persons, least=0.001)
    assert words is not None
    assert words.startswith(said)
    assert "extrapolated" not in words


def test_a_rate_that_was_never_measured_is_said_with_the_one_that_was() -> None:
    words = caution(threshold(extrapolated=True), persons=1500, least=0.0123)
    assert words is not None
    assert "target of 0.001 % is lower" in words
    assert "among 1,500 persons (1.2 %)" in words
    assert "enrolled and valid" not in words
