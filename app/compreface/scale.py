"""Kith's similarity on CompreFace's scale, on which the decision is at 0.5. Pure.

CompreFace answers ``(tanh((c0 - d) * c1) + 1) / 2``, where d is the distance of two embeddings of
length 1; its clients decide by that number. Here c0 is the distance at Kith's threshold for this
very face, so the number is 0.5 there, whatever the gallery's size and the promise of today.
"""

from math import sqrt, tanh
from typing import Final

_STEEPNESS: Final = 5.292
"""c1 of CompreFace's default model, so that clients' own limits above 0.5 keep their meaning."""
_DIGITS: Final = 5
_MATCH: Final = 0.5
_BELOW: Final = 0.49999


def scaled(similarity: float | None, threshold: float, *, is_match: bool) -> float:
    """A cosine as a number from 0 to 1, higher is closer: from 0.5 on where Kith decided
    ``is_match``, and below in every other case, also where a similarity reaches the threshold and
    Kith names nobody. 0 where Kith says no similarity.
    """
    if similarity is None:
        return _MATCH if is_match else 0.0
    nearer = _distance(threshold) - _distance(similarity)
    number = round((tanh(nearer * _STEEPNESS) + 1) / 2, _DIGITS)
    return max(number, _MATCH) if is_match else min(number, _BELOW)


def _distance(cosine: float) -> float:
    """The distance of two vectors of length 1; 0 for a threshold that nobody reaches, above 1."""
    return sqrt(max(0.0, 2 - 2 * cosine))
