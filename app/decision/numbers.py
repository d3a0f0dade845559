"""The numbers of a calibration as its file has them: numbers, finite, and within bounds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SHOWN: Final = 60


def number(value: object, name: str, least: float, most: float) -> float:
    """``value`` as a float; ``ValueError`` where it is no number of ``least`` to ``most``."""
    # What is not a number lies between no two; True would be 1.
    if isinstance(value, int | float) and least <= value <= most and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{name} is {shown(value)}; a number of {least:g} to {most:g} is right")


def column(values: object, name: str, least: float, most: float) -> Floats:
    """``values``, a list of numbers, as an array (n,); ``TypeError`` where it is no list."""
    if not isinstance(values, list | tuple):
        raise TypeError(f"{name} is {shown(values)}; a list of numbers is right")
    return np.array(
        [number(value, f"{name}[{i}]", least, most) for i, value in enumerate(values)], np.float64
    )


def shown(value: object) -> str:
    """``value`` for an error message, cut short: a number may have thousands of digits."""
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
