"""How well a bundle's calibration fits a gallery: what its own threshold would do there, by what
the gallery's people say of each other.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from app.decision.calibration import Calibration, GallerySize, Threshold
from app.decision.site import SiteEvidence, SiteFit, fit_site

_FACTOR: Final = 2.0
_Z: Final = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Agreement:
    """``site`` is what the gallery says, ``bundle`` the threshold that would be used without it.

    ``ratio`` is how often strangers reach the bundle's threshold in this gallery, over how often
    the bundle says they do; ``interval`` is where it lies with 95 % confidence, which is wide while
    the people are few.
    """

    site: SiteFit
    bundle: Threshold
    ratio: float
    interval: tuple[float, float]

    @property
    def fits(self) -> bool:
        """False if the ratio is above 2 or below 1/2 and its interval does not hold 1."""
        low, high = self.interval
        return low <= 1 <= high or 1 / _FACTOR <= self.ratio <= _FACTOR


def agreement(
    bundle: Calibration, evidence: SiteEvidence, target: float, size: GallerySize
) -> Agreement:
    """Compare the bundle's threshold for ``target`` with what the gallery's people say of it."""
    site = fit_site(bundle.moments, evidence)
    threshold = bundle.threshold(target, size)
    at = min(threshold.similarity, 1.0)
    size = size if size.persons else GallerySize({1: 1})
    stated = bundle.fpir(at, size)

    def ratio(mean: float = 0.0, deviation: float = 0.0) -> float:
        """The ratio with ``mean`` and ``deviation`` raised by this many standard errors of each."""
        moments = replace(
            site.moments,
            mean=site.moments.mean + mean * site.mean_error * bundle.moments.deviation,
            deviation=site.moments.deviation * float(np.exp(deviation * site.deviation_error)),
        )
        return replace(bundle, moments=moments).fpir(at, size) / stated

    def further(errors: float) -> float:
        """The two errors are independent: what they do to the logarithm adds up in squares."""
        apart = np.log([ratio(mean=errors) / likeliest, ratio(deviation=errors) / likeliest])
        return likeliest * float(np.exp(np.copysign(np.hypot(*apart), errors)))

    likeliest = ratio()
    return Agreement(site, threshold, likeliest, (further(-_Z), further(_Z)))
