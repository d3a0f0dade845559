"""The decision for a burst: one to eight frames of one subject, as a door takes them.

The score of a person is the *mean over the used frames of that frame's standardised score*, held
against the one limit that the stated rate sets for a single frame. Each frame is standardised by
itself, as a single photograph is, and nothing is standardised again after averaging.

Why the stated FPIR holds. A stranger is named at the limit z if some person's mean score reaches
it, and the highest mean is at most the mean of the frames' highest scores. Where each frame alone
keeps the rate and the frames are exchangeable, that mean is smaller in convex order than one
frame's highest score: it has the same expectation and less spread (Jensen). For normal frames of
correlation r its variance is (1 + (k - 1) r) / k of theirs. Convex order alone bounds the rate at
which a tail as e^-z reaches z by e times that of one frame, whatever the dependence; measured, it
is below one frame's (docs/open-set.md, `kith evaluate door`). The best of k frames, or "any frame
matches", can name strangers k times as often. The mean of similarities against the mean of the
frames' thresholds keeps the rate for the same reason, but gives more weight to the frames whose
scores spread most, which are the worst ones.

The mean alone would let one very good frame carry four of somebody else. So a person must also be
first in at least ``agree`` of the frames, else the frames disagree.

How to call it (all frames of a burst are searched at once, in one gallery):

- ``probes`` (k, d): the embeddings of the used frames, each file once: a copy of a frame is no
  further evidence. ``found = gallery_rates.of(probes)`` are their rates.
- The people to look at: all who are among the few nearest of any frame (``Near.matches``). A person
  whom a report excludes in one of the frames (``reported_not_them``) is left out.
- ``similarities`` (k, p): of every frame to each of these p people, ``probes @ fused.T``; also
  where the person is not near to that frame. Each as it stands out among spoilt strangers, where
  the bundle knows them: ``standing``.
- ``rates``: for each frame those that decide in `identify`,
  ``found[f].judging(near[f].counted, target)``.
- ``decide_burst(similarities, rates, target, margin=calibration.ambiguity_margin)``. ``best`` is
  a column of ``similarities``.
- People who are not valid now: where the outcome is ``unknown``, ask again with their similarities
  and ``found[f].unmasked(near[f].counted, target).outside``, as `identify` does.
- A claimed person: ``verify_burst`` with the rates of each frame that `verify` uses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from app.decision.fusion import Vectors
from app.decision.numbers import Floats
from app.decision.rates import UNREACHABLE, ProbeRates

MOST_FRAMES: Final = 8
AGREE: Final = 0.6
"""The share of the used frames that must have a person first, if a door does not say otherwise."""
_ROUNDING: Final = 1e-9  # 0.6 of 5 frames is 3, however the product is rounded


class BurstOutcome(StrEnum):
    """The decision of an identification for a burst."""

    IDENTIFIED = "identified"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    FRAMES_DISAGREE = "frames_disagree"


@dataclass(frozen=True, slots=True)
class BurstScore:
    """One person's score over the frames of a burst.

    ``similarity`` is the mean of the similarities decided on (where the bundle knows spoilt
    strangers, as they stand out among those), and ``threshold`` the mean cosine at which the mean
    standardised score would reach its limit, the frames differing as they do: a score equal to it
    reaches it, and one frame's is the threshold of `identify`. ``fpir`` is how often a stranger's
    burst has so high a score against anybody in the gallery (of a claimed person: the FMR), by the
    rate of a single frame; ``extrapolated`` where the calibration's data do not reach so far.
    ``agreeing`` counts the frames that speak for the person.
    """

    similarity: float
    threshold: float
    fpir: float
    extrapolated: bool
    agreeing: int

    @property
    def reaches(self) -> bool:
        """Whether the mean reaches the threshold, whatever the agreement."""
        return self.similarity >= self.threshold


@dataclass(frozen=True, slots=True)
class BurstDecision:
    """The outcome, and the person with the best mean score: their column, and the ``score``; both
    None where nobody was proposed. ``best`` is not the name of anybody unless ``winner`` is.
    """

    outcome: BurstOutcome
    best: int | None
    score: BurstScore | None

    @property
    def winner(self) -> int | None:
        """The column of the person identified."""
        return self.best if self.outcome is BurstOutcome.IDENTIFIED else None


@dataclass(frozen=True, slots=True)
class BurstVerification:
    """Whether a burst is of a claimed person: a match where the mean reaches the threshold and
    ``frames_agree``.
    """

    score: BurstScore
    frames_agree: bool

    @property
    def is_match(self) -> bool:
        """The decision."""
        return self.score.reaches and self.frames_agree


def decide_burst(
    similarities: Floats,
    rates: Sequence[ProbeRates],
    target: float,
    *,
    margin: float,
    agree: float = AGREE,
) -> BurstDecision:
    """Decide among p people by their ``similarities`` (k, p) to k frames, higher is closer, at the
    FPIR ``target``. ``rates`` are the k frames' own, in the same order; the order does not matter.

    Two people who both reach the limit, and whose mean similarities differ by no more than
    ``margin``, are ambiguous. ``frames_disagree`` where fewer than ``agree`` (0 to 1) of the frames
    have the best one first. ``ValueError`` where the arrays are no burst.
    """
    z, limit = _scores(similarities, rates, target)
    if not similarities.shape[1]:
        return BurstDecision(BurstOutcome.UNKNOWN, None, None)
    means = _means(similarities)
    best = int(np.lexsort((means, _means(z)))[-1])
    first = similarities >= similarities.max(axis=1, keepdims=True)
    score = _score(similarities[:, best], z[:, best], rates, limit, int(first[:, best].sum()))
    if not score.reaches:
        return BurstDecision(BurstOutcome.UNKNOWN, best, score)
    if score.agreeing < frames_needed(len(rates), agree):
        return BurstDecision(BurstOutcome.FRAMES_DISAGREE, best, score)
    rivals = np.flatnonzero(means[best] - means <= margin)
    if any(
        _score(similarities[:, each], z[:, each], rates, limit, 0).reaches
        for each in rivals.tolist()
        if each != best
    ):
        return BurstDecision(BurstOutcome.AMBIGUOUS, best, score)
    return BurstDecision(BurstOutcome.IDENTIFIED, best, score)


def verify_burst(
    similarities: Floats, rates: Sequence[ProbeRates], target_fmr: float, *, agree: float = AGREE
) -> BurstVerification:
    """Decide on a claimed person by their ``similarities`` (k,) to k frames, at the FMR
    ``target_fmr``. ``rates`` are the k frames' own.

    No other person is looked for, so a frame agrees where it alone is a match: without that, one
    photograph of the person among frames of another would do.
    """
    alone = [each.among(1) for each in rates]
    z, limit = _scores(similarities[:, None], alone, target_fmr)
    limits = np.array([each.limit(target_fmr) for each in alone])
    agreeing = int((similarities >= limits).sum())
    score = _score(similarities, z[:, 0], alone, limit, agreeing)
    return BurstVerification(score, agreeing >= frames_needed(len(rates), agree))


def standing(
    similarities: Floats, rates: Sequence[ProbeRates], people: Sequence[Vectors]
) -> Floats:
    """The ``similarities`` (k, p) of k frames to ``people`` (p of (d,)) as each stands out by the
    ``rates`` of its frame.
    """
    rows = zip(rates, similarities.tolist(), strict=True)
    return np.array([own.standing(row, people).stands for own, row in rows], np.float64)


def frames_needed(frames: int, agree: float) -> int:
    """How many of ``frames`` used frames are the share ``agree`` (0 to 1): at least one."""
    return max(1, math.ceil(agree * frames - _ROUNDING))


def _scores(
    similarities: Floats, rates: Sequence[ProbeRates], target: float
) -> tuple[Floats, float]:
    """The standardised scores (k, p), and their limit, which all frames share."""
    frames = len(rates)
    if not 1 <= frames <= MOST_FRAMES:
        raise ValueError(f"{frames} frames; a burst has 1 to {MOST_FRAMES}")
    if similarities.ndim != 2 or len(similarities) != frames:
        raise ValueError(f"similarities of shape {similarities.shape} for {frames} frames")
    if len({(each.persons, each.factor) for each in rates}) > 1:
        raise ValueError("the frames of a burst were searched in different galleries")
    z = [each.norm.z(row) for each, row in zip(rates, similarities, strict=True)]
    return np.array(z, np.float64), rates[0].limit_z(target)


def _score(
    similarity: Floats, z: Floats, rates: Sequence[ProbeRates], limit: float, agreeing: int
) -> BurstScore:
    """The score of one person, of ``similarity`` (k,) and standardised score ``z`` (k,)."""
    mean = _mean(z)
    fpir = rates[0].fpir_of(mean)
    threshold = UNREACHABLE
    if np.isfinite(limit):
        moved = limit + (z - mean)
        at = [each.norm.similarity(one)[0] for each, one in zip(rates, moved, strict=True)]
        threshold = math.fsum(at) / len(at)
    return BurstScore(_mean(similarity), threshold, fpir, rates[0].is_extrapolated(fpir), agreeing)


def _mean(values: Floats) -> float:
    """The mean (k,), the same in whatever order."""
    return math.fsum(values) / len(values)


def _means(values: Floats) -> Floats:
    """The mean of each column (k, p)."""
    return np.array([_mean(column) for column in values.T], np.float64)
