"""The data of people that a caller may see, and how strict such a caller can make a decision.

A key without the scope ``read`` gets similarities in steps, and no number that follows the
similarities of enrolled people to each other or to a face: it could be solved for them. A number
that the caller chooses is such a number as well: halving its range again and again finds the one at
which the decision changes. So what these callers ask for is applied in the same steps, and by the
bundle's people instead of the gallery's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from app.auth.principal import Principal
from app.gallery.models import Collection

_STEP: Final = 0.05
"""Shown of a match alone: below the threshold even steps this wide lead a made-up picture up to it
(`make bench-climb`: within 150 questions)."""
_DIGITS: Final = 6  # of a number of steps: 0.15 / 0.05 is 2.9999999999999996
NO_LEAST: Final = -1.0


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The data of people that a caller may see: their names and validity (``names``), and exact
    similarities of candidates and of comparisons that are no match (``scores``).
    """

    names: bool
    scores: bool

    @classmethod
    def of(cls, caller: Principal, collection: Collection) -> "Disclosure":
        """Both with the scope ``read``; scores where the collection shows candidates."""
        return cls(caller.may_read, caller.may_read or collection.show_candidates)


@dataclass(frozen=True, slots=True)
class Strictness:
    """The rates and similarities that one request is held to.

    ``target`` is the rate that was asked for, ``stated`` the collection's, which a caller can only
    make stricter. Each face is judged at the rate ``judged`` by its own rates, and nobody is named
    below the similarity ``least``.
    """

    target: float
    stated: float
    judged: float
    least: float

    @classmethod
    def of(
        cls,
        disclosure: Disclosure,
        impersonal: Callable[[float], float],
        *,
        stated: float,
        asked: float | None,
        least: float | None = None,
    ) -> "Strictness":
        """For a caller who asked for the rate ``asked`` and the similarity ``least``.

        ``impersonal`` is the threshold for a rate by the bundle's people alone. Callers who see no
        scores get this one for a stricter rate, rounded up to a step.
        """
        target = min(asked or stated, stated)
        wanted = NO_LEAST if least is None else least
        if disclosure.scores:
            return cls(target, stated, target, wanted)
        if target < stated:
            wanted = max(wanted, impersonal(target))
        return cls(target, stated, stated, _up_to_step(wanted))


def in_steps(similarity: float, threshold: float) -> float | None:
    """A similarity for callers who may not read: ``to_step``, and None below the ``threshold``, so
    that nobody can climb to it step by step.
    """
    if similarity < threshold:
        return None
    return to_step(similarity)


def to_step(similarity: float) -> float:
    """A similarity that has reached a threshold, for callers who may not read: rounded down to a
    step.
    """
    return round(floor(round(similarity / _STEP, _DIGITS)) * _STEP, 2)


def _up_to_step(similarity: float) -> float:
    """Rounded up to a step: a face whose similarity is shown as a step reaches this one."""
    return round(ceil(round(similarity / _STEP, _DIGITS)) * _STEP, 2)
