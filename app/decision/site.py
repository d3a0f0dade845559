"""How far a gallery's people are from those of the bundle's calibration.

It decides nothing: each probe's scores are standardised by the gallery's own people, wherever they
lie. But a camera that makes strangers alike separates people less well, and that can be seen.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.cohort import Spread
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import ProbeRates, Threshold
from app.decision.standardise import Norms

_FACTOR: Final = 2.0
_Z: Final = 1.96  # 95 %
_MEAN_NOISE: Final = 0.75
_DEVIATION_NOISE: Final = 0.1
"""Standard error of a gallery's mean (in deviations) and of its deviation's logarithm from the
choice of n people, times sqrt(n), on top of the pairs' own noise: measured over 400 galleries each
of 5 to 160 people of LFW, as they are and by four cameras, 0.45 to 0.76 and 0.06 to 0.14."""


@dataclass(frozen=True, slots=True)
class SiteFit:
    """The ``gallery``'s spread against the bundle's.

    ``shift`` is the difference of the means in the bundle's deviations, ``stretch`` the ratio of
    the deviations. ``bundle`` is the threshold for the target if the people were the bundle's.
    ``ratio`` is how often strangers here reach it, over how often the bundle's do; ``interval`` is
    where it lies with 95 % confidence, which is wide while the people are few.
    """

    gallery: Spread
    shift: float
    stretch: float
    bundle: Threshold
    ratio: float
    interval: tuple[float, float]

    @property
    def is_known(self) -> bool:
        """Whether the gallery has a spread of its own: two people have one similarity."""
        return self.gallery.persons > 2

    @property
    def fits(self) -> bool:
        """False if the ratio is above 2 or below 1/2 and its interval does not hold 1."""
        low, high = self.interval
        return low <= 1 <= high or 1 / _FACTOR <= self.ratio <= _FACTOR


def fit_site(rates: GalleryRates, target: float) -> SiteFit:
    """Compare the people of a gallery with those of the bundle, at the threshold for ``target``."""
    bundle, gallery = rates.bundle.typical, rates.cohort.spread
    shift, stretch = 0.0, 1.0
    if gallery.persons >= 2:
        shift = (gallery.mean - bundle.mean) / bundle.deviation
    if gallery.persons > 2 and gallery.deviation > 0:
        stretch = gallery.deviation / bundle.deviation
    persons = max(rates.persons, 1)
    tail = rates.bundle.tail
    stated = ProbeRates(_norm(bundle.mean, bundle.deviation), tail, persons)
    threshold = stated.threshold(target)
    at = min(threshold.similarity, 1.0)

    def ratio(mean: float = 0.0, deviation: float = 0.0) -> float:
        """The ratio with the mean raised by ``mean`` standard errors, and the logarithm of the
        deviation by ``deviation`` of its own.
        """
        norm = _norm(
            bundle.mean + (shift + mean * mean_error) * bundle.deviation,
            bundle.deviation * stretch * float(np.exp(deviation * deviation_error)),
        )
        return ProbeRates(norm, tail, persons).fpir(at) / stated.fpir(at)

    def further(errors: float) -> float:
        """The two errors are independent: what they do to the logarithm adds up in squares."""
        apart = np.log([ratio(mean=errors) / likeliest, ratio(deviation=errors) / likeliest])
        return likeliest * float(np.exp(np.copysign(np.hypot(*apart), errors)))

    n = max(gallery.persons, 1.0)
    pairs = max(n * (n - 1) / 2, 1.0)
    mean_error = float(np.sqrt(_MEAN_NOISE**2 / n + 1 / pairs))
    deviation_error = float(np.sqrt(_DEVIATION_NOISE**2 / n + 0.5 / pairs))
    likeliest = ratio()
    interval = (further(-_Z), further(_Z))
    return SiteFit(gallery, shift, stretch, threshold, likeliest, interval)


def _norm(mean: float, deviation: float) -> Norms:
    return Norms.known(np.array([mean]), np.array([deviation]))
