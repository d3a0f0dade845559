"""Ratios of rates, as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.words import how_often, times

MOST = "more than a million"


@pytest.mark.parametrize(
    ("ratio", "interval", "text"),
    [
        (100.4, (60, 200), "about 100 times as often as stated (between 60 and 200)"),
        (
            123456,
            (9999, 654321),
            "about 120,000 times as often as stated (between 10,000 and 650,000)",
        ),
        (2.345, (1.04, 6.66), "about 2.3 times as often as stated (between 1 and 6.7)"),
        (3.0, (0.43, 12), "about 3 times as often as stated (between 0.43 and 12)"),
        (0.02, (0.01, 0.05), "about 50 times less often than stated (between 20 and 100)"),
        (0, (0, 0.5), f"{MOST} times less often than stated (between 2 and {MOST})"),
    ],
)
def test_a_ratio_is_words_and_a_number(
    ratio: float, interval: tuple[float, float], text: str
) -> None:
    assert how_often(ratio, interval, "stated") == text


@given(st.floats(0, allow_nan=False))
def test_no_factor_is_written_with_an_exponent(factor: float) -> None:
    text = times(factor)
    assert re.fullmatch(r"more than a million|less than a millionth|[0-9.,]+", text)
    if text[0].isdigit():
        assert float(text.replace(",", "")) == pytest.approx(factor, rel=0.051)
