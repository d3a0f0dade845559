"""Recognisability as a part of a calibration's file: written as JSON values, read with every number
checked.

Numbers are in half precision and base64, little-endian: 26 kinds of 128 numbers take 160 kB.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.numbers import number, shown
from app.decision.recognisability import Recognisability

_HALF: Final = np.dtype("<f2")
_MOST_BIAS: Final = 100.0
_MOST_WEIGHT: Final = 1000.0
_MOST_SCORE: Final = 10_000.0  # an embedding over the least deviation of similarities
_NUMBERS: Final = ("weights", "whole_weights", "typical", "means", "axes", "floors")
_MOST_KINDS: Final = 256


def to_json(learned: Recognisability) -> dict[str, Any]:
    """``learned`` as JSON values."""
    return {
        "kinds": list(learned.kinds),
        **{name: round(getattr(learned, name), 6) for name in ("bias", "whole_bias")},
        **{name: _text(getattr(learned, name)) for name in _NUMBERS},
    }


def from_json(content: Mapping[str, Any]) -> Recognisability:
    """From ``to_json``; ``ValueError``, ``TypeError`` or ``KeyError`` where it is none."""
    kinds = content["kinds"]
    if not isinstance(kinds, list) or not 0 < len(kinds) <= _MOST_KINDS:
        raise ValueError(f"recognisability.kinds is {shown(kinds)}; a list of names is right")
    bias, whole_bias = (
        number(content[name], f"recognisability.{name}", -_MOST_BIAS, _MOST_BIAS)
        for name in ("bias", "whole_bias")
    )
    weights, whole_weights = (
        _numbers(content, name, _MOST_WEIGHT) for name in ("weights", "whole_weights")
    )
    typical = _numbers(content, "typical", 1.0)  # no longer than unit vectors are
    means, axes, floors = (
        _numbers(content, name, _MOST_SCORE) for name in ("means", "axes", "floors")
    )
    d, k = len(weights), len(kinds)
    sizes = (whole_weights, d), (typical, d), (means, k * d), (floors, k)
    for name, (values, size) in zip(
        ("whole_weights", "typical", "means", "floors"), sizes, strict=True
    ):
        if len(values) != size:
            raise ValueError(f"recognisability.{name} has {len(values)} numbers; {size} are right")
    if len(axes) % (k * d):
        raise ValueError(f"recognisability.axes has {len(axes)} numbers; {k * d} for each is right")
    if not (floors >= 0).all():
        raise ValueError("recognisability.floors has a number below 0; variances are right")
    return Recognisability(
        tuple(str(name) for name in kinds),
        weights,
        bias,
        whole_weights,
        whole_bias,
        typical,
        means.reshape(k, d),
        axes.reshape(k, -1, d),
        floors,
    )


def _text(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype(_HALF).tobytes()).decode()


def _numbers(content: Mapping[str, Any], name: str, most: float) -> NDArray[np.float32]:
    named, value = f"recognisability.{name}", content[name]
    if not isinstance(value, str):
        raise TypeError(f"{named} is {shown(value)}; base64 is right")
    try:
        values = np.frombuffer(base64.b64decode(value, validate=True), _HALF).astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{named} cannot be read: {error}") from None
    if not len(values):
        raise ValueError(f"{named} is empty")
    if not (np.abs(values) <= most).all():  # what is not a number is no less than anything
        raise ValueError(f"{named} has a number that is not of {-most:g} to {most:g}")
    return values
