"""Error rates with the interval that the number of *people* supports.

A thousand photos of forty people are forty people's worth. The variance takes persons as the units:
for misses, probes of one person go together, as in drawing people again and again (the bootstrap,
of which this is the closed form); for false positives, all that share a person on either side do
(Fafchamps and Gubert, 2007), because the gallery is a sample of people too. Rate and variance give
an effective number of trials (Korn and Graubard, 1998), never more than there are people, and that
Wilson's interval. With no error among n people it ends at 3.8 / (n + 3.8): the rule of three, for
both sides.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.evaluation.gallery import Flags, Keys
from app.evaluation.trials import Floats, Trials

EVERY: Final = slice(None)
_Z2: Final = 1.96**2  # 95 %, two-sided


@dataclass(frozen=True, slots=True)
class Rate:
    """``events`` in ``trials`` of ``persons`` persons; the true rate lies between ``low`` and
    ``high`` with 95 % confidence.
    """

    rate: float
    low: float
    high: float
    events: int
    trials: int
    persons: int


def false_negatives(trials: Trials, threshold: float) -> Flags:
    """Mated probes whose own person is not first or stays below ``threshold``."""
    return trials.mated & ~(trials.first & (trials.own >= threshold))


def fnir(trials: Trials, threshold: float, *, among: Flags | slice = EVERY) -> Rate:
    """FNIR at ``threshold``; of the mated probes ``among`` (n,) all, of which there must be one."""
    counted = trials.mated[among]
    events = false_negatives(trials, threshold)[among]
    return share(events[counted], trials.owner[among][counted])


def fpir(trials: Trials, threshold: float, *, among: Flags | slice = EVERY) -> Rate:
    """FPIR at ``threshold`` in a gallery of all people but the stranger; of strangers ``among``."""
    events = trials.best >= threshold
    return share(events[among], trials.owner[among], trials.lookalike[among])


def share(events: Flags, owner: Keys, other: Keys | None = None) -> Rate:
    """The share of ``events`` (n,), n at least 1, of the persons ``owner`` (n,) and, where two
    persons make an event, ``other`` (n,).
    """
    rate, persons = float(events.mean()), int((np.bincount(owner) > 0).sum())
    low, high = wilson(rate, _effective(rate, _variance(events, owner, other), persons))
    return Rate(rate, low, high, int(events.sum()), len(events), persons)


def mean_share(expected: Floats, owner: Keys) -> tuple[float, float, float]:
    """The mean of the probabilities ``expected`` (n,), n at least 1, of probes of the persons
    ``owner`` (n,), and its 95 % interval over the choice of people, as in ``share``.
    """
    rate, persons = float(expected.mean()), int((np.bincount(owner) > 0).sum())
    influence = np.bincount(owner, expected) - rate * np.bincount(owner)
    variance = float((influence**2).sum()) / len(expected) ** 2
    return rate, *wilson(rate, _effective(rate, variance, persons))


def wilson(rate: float, trials: float) -> tuple[float, float]:
    """The 95 % interval (Wilson, 1927) of a rate seen in ``trials`` independent trials."""
    centre = (rate + _Z2 / (2 * trials)) / (1 + _Z2 / trials)
    spread = rate * (1 - rate) / trials + _Z2 / (4 * trials**2)
    half = np.sqrt(_Z2 * spread) / (1 + _Z2 / trials)
    # At rates of 0 and 1 an end is the rate itself, but for rounding.
    low, high = min(rate, float(centre - half)), max(rate, float(centre + half))
    return max(0.0, low), min(1.0, high)


def least_rate(persons: int) -> float:
    """The lowest rate that ``persons`` people can show, if there is no error at all."""
    return wilson(0.0, persons)[1]


def persons_needed(rate: float) -> int:
    """How many people it takes to show ``rate``, if none of them makes an error."""
    return int(np.ceil(_Z2 * (1 - rate) / rate))


@dataclass(frozen=True, slots=True)
class OwnThreshold:
    """The threshold that these people alone give for a target FPIR.

    ``low`` and ``high`` enclose it with 95 % confidence; ``high`` is None where no similarity can
    be shown to keep the target, because there are too few people.
    """

    similarity: float
    low: float
    high: float | None


def own_threshold(trials: Trials, target: float) -> OwnThreshold:
    """The least similarity that at most ``target`` of the strangers reach."""
    falling = np.sort(trials.best)[::-1]
    allowed = int(target * len(falling) + 1e-9)
    similarity = float(np.nextafter(falling[min(allowed, len(falling) - 1)], 2.0))
    at = thresholds(trials)
    rates = [fpir(trials, float(each)) for each in at]
    low = [each.low <= target for each in rates]
    above = np.flatnonzero([each.high > target for each in rates])
    after = int(above[-1]) + 1 if len(above) else 0
    first = float(at[low.index(True)]) if True in low else similarity
    return OwnThreshold(
        similarity, min(first, similarity), float(at[after]) if after < len(at) else None
    )


def thresholds(trials: Trials, points: int = 160) -> Floats:
    """Similarities at which a curve is worth a point: evenly, and just above the highest scores."""
    seen = np.concatenate([trials.best, trials.own[trials.mated]])
    low, high = np.clip([seen.min(), seen.max()], -1, 1)
    even = np.linspace(low, high, points)
    highest: NDArray[np.float64] = np.sort(trials.best)[-points:]
    return np.unique(np.concatenate([even, np.nextafter(highest, 2.0)]))


def _effective(rate: float, variance: float, persons: int) -> float:
    """The number of independent trials that would have this variance; at most ``persons``."""
    if variance <= 0:
        return float(persons)
    return float(np.clip(rate * (1 - rate) / variance, 1.0, persons))


def _variance(events: Flags, owner: Keys, other: Keys | None) -> float:
    """The variance of the share of ``events``: the sum of each person's squared influence on it.

    An event of two persons is in the influence of both; its own square is counted twice, so it is
    subtracted once.
    """
    size = int(max(owner.max(), owner.max() if other is None else other.max())) + 1
    tried, rate = np.bincount(owner, minlength=size), events.mean()
    influence = np.bincount(owner[events], minlength=size) - rate * tried
    twice = 0.0
    if other is not None:
        one, two = owner[events], other[events]
        resembled = np.bincount(two, minlength=size)
        influence = influence + (1 - rate) * resembled
        influence -= influence.sum() / ((tried + resembled) > 0).sum() * ((tried + resembled) > 0)
        pairs = np.minimum(one, two) * size + np.maximum(one, two)
        twice = (1 - rate) ** 2 * float((np.unique(pairs, return_counts=True)[1] ** 2.0).sum())
    return (float((influence**2).sum()) - twice) / len(events) ** 2
