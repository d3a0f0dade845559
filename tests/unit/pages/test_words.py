"""Numbers as pages and commands write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.words import between, percent


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0, "0 %"),
        (1e-12, "less than 1 in a million"),
        (0.00012, "0.012 %"),
        (0.015, "1.5 %"),
        (0.987, "98.7 %"),
        (1, "100 %"),
    ],
)
def test_a_rate_is_written_as_it_is_read(rate: float, text: str) -> None:
    assert percent(rate).replace("\N{NO-BREAK SPACE}", " ") == text


def test_an_interval_names_its_unit_once() -> None:
    assert between(0.005, 0.015).replace("\N{NO-BREAK SPACE}", " ") == "0.5 to 1.5 %"
    assert between(1e-9, 0.015).startswith("less than 1 in a million to 1.5")


@given(st.floats(0, 1))
def test_no_rate_is_written_with_an_exponent(rate: float) -> None:
    assert not re.search(r"\de[-+]?\d", percent(rate))
