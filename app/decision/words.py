"""Ratios of rates in words that a person reads."""

from typing import Final

import numpy as np

_MOST: Final = 1e6


def how_often(ratio: float, interval: tuple[float, float], than: str) -> str:
    """How much more or less often than ``than`` something happens, with the interval: about 100
    times as often as stated (between 60 and 200).
    """
    low, high = interval
    if ratio >= 1:
        compared = f"{times(ratio)} times as often as {than}"
    else:
        compared = f"{times(_inverse(ratio))} times less often than {than}"
        low, high = _inverse(high), _inverse(low)
    about = "about " if compared[0].isdigit() else ""
    return f"{about}{compared} (between {times(low)} and {times(high)})"


def times(factor: float) -> str:
    """A factor with two digits that count: 0.83, 3.1, 97, 1,200; beyond a million, that."""
    if factor >= _MOST:
        return "more than a million"
    if factor < 1 / _MOST:
        return "less than a millionth"
    rounded = float(f"{factor:.1e}")
    if rounded >= 10:
        return f"{rounded:,.0f}"
    return np.format_float_positional(rounded, trim="-")


def _inverse(ratio: float) -> float:
    return 1 / ratio if ratio > 0 else np.inf
