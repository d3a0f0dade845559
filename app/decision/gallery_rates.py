"""The calibration in a gallery: the bundle's tail, over scores that its own people standardise."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort, Spread
from app.decision.fusion import Vectors
from app.decision.numbers import Floats
from app.decision.rates import GallerySize, ProbeRates, Threshold, z_at
from app.decision.recognisability import SpoiltStrangers
from app.decision.standardise import Norms, Weight

WEIGHT: Final = Weight(mean=3.0, spread=20.0)
"""A camera moves the mean of a probe's similarities by 0.6 deviations and the logarithm of their
spread by 0.15 (standard deviations over cameras): as much as 1 / 0.6^2 people, and 1 / (2 0.15^2),
show by chance. With 5 for both, three people were found in a third of the cases at a stated 0.1 %
(LFW), and now in 96 %."""

_MOST_KEPT: Final = 64  # thresholds: callers choose their rates


@dataclass(frozen=True, eq=False)
class GalleryRates:
    """The error rates of similarities in a gallery of ``size``, whose people are the ``cohort``.

    ``factor`` says how many times as often strangers are alike as the bundle's tail says. ``twice``
    of these persons are second names, who are not in the cohort: a stranger who is like a person
    enrolled twice is so once.
    """

    bundle: Calibration
    cohort: Cohort
    size: GallerySize
    factor: float = 1.0
    twice: int = 0

    @property
    def persons(self) -> int:
        """N, the number of different persons whom a probe is compared with."""
        return self.size.persons - self.twice

    def of(self, probes: Vectors | Floats) -> list[ProbeRates]:
        """The error rates of each of ``probes`` (b, d), which have unit length."""
        norms, spoilt = self.norms(probes), self.spoilt
        return [self._rates(norms.one(row), spoilt) for row in range(len(probes))]

    def is_same(self, other: "GalleryRates") -> bool:
        """Whether these are the same objects: the same people's rates, in the same bundle."""
        return (
            self.bundle is other.bundle
            and self.cohort is other.cohort
            and (self.size, self.factor, self.twice) == (other.size, other.factor, other.twice)
        )

    def threshold(self, target: float, *, impersonal: bool) -> Threshold:
        """The threshold for ``target`` by the ``impersonal`` rates, or by the typical ones."""
        kept, key = self._thresholds, (target, impersonal)
        if (found := kept.get(key)) is None:
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            rates = self.impersonal if impersonal else self.typical
            found = kept[key] = rates.threshold(target)
        return found

    @cached_property
    def _thresholds(self) -> dict[tuple[float, bool], Threshold]:
        return {}

    @cached_property
    def spoilt(self) -> SpoiltStrangers | None:
        """The scores that spoilt faces have here; None where the bundle does not know them."""
        learned, cohort = self.bundle.recognisability, self.cohort
        return None if learned is None else learned.among(cohort.persons, cohort.total, WEIGHT.mean)

    def norms(self, probes: Vectors | Floats, *, without: Floats | None = None) -> Norms:
        """The norms of ``probes`` (b, d). ``without`` (b,) are the similarities of one person each,
        who is left out of the cohort.
        """
        return gallery_norms(self.cohort, self.bundle.typical, probes, without=without)

    @cached_property
    def typical(self) -> ProbeRates:
        """The error rates of a typical probe: one that is as far from the people as they are from
        each other.
        """
        return self._rates(typical_norm(self.bundle.typical, self.cohort.spread))

    @cached_property
    def impersonal(self) -> ProbeRates:
        """The error rates by the bundle's people alone, which say nothing of the gallery's: they
        follow from how many there are.
        """
        typical = self.bundle.typical_rates
        return replace(typical, persons=self.size.persons, factor=self.factor)

    def z_at(self, fmr: float) -> float:
        """The least standardised score that impostors reach at most at the rate ``fmr``; infinite
        where the tail describes no rate so low.
        """
        return z_at(self.bundle.tail, fmr, self.factor)

    def _rates(self, norm: Norms, spoilt: SpoiltStrangers | None = None) -> ProbeRates:
        return ProbeRates(norm, self.bundle.tail, self.persons, self.factor, spoilt)


def gallery_norms(
    gallery: Cohort, bundle: Spread, probes: Vectors | Floats, *, without: Floats | None = None
) -> Norms:
    """The norms of ``probes`` (b, d) by the people of a gallery and of a bundle. ``without`` (b,)
    are the similarities of one person each, who is left out of the gallery.

    The bundle's people look the same to every probe. A probe in the dark or in profile is unlike
    them, but not unlike its own kind: with their similarities to just this probe, 20 people in
    profile were named 1.7 to 2.4 times as often as a stated 1 %, and so 1.1 to 1.7 times.
    """
    total, squares = gallery.sums(probes)
    persons = gallery.persons
    if without is not None:
        persons, total, squares = persons - 1, total - without, squares - without**2
    w = persons + WEIGHT.mean
    mean = (total + WEIGHT.mean * bundle.mean) / w
    squares = squares + WEIGHT.mean * bundle.mean**2 + WEIGHT.spread * bundle.deviation**2
    return Norms(persons, mean, squares - w * mean**2, WEIGHT, inside=persons >= 1, bound=bundle)


def typical_norm(bundle: Spread, gallery: Spread) -> Norms:
    """The norm of a typical probe, and of a candidate who is one person more."""
    persons = gallery.persons - 1 if gallery.persons >= 2 else 0.0
    deviation = gallery.deviation if gallery.persons > 2 else bundle.deviation
    w = persons + WEIGHT.mean
    mean = (persons * gallery.mean + WEIGHT.mean * bundle.mean) / w
    squares = persons * (gallery.mean**2 + deviation**2) + WEIGHT.mean * bundle.mean**2
    squares += WEIGHT.spread * bundle.deviation**2 - w * mean**2
    return Norms(persons, np.array([mean]), np.array([squares]), WEIGHT, inside=False, bound=bundle)
