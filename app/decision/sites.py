"""The bundle's calibration, moved to each gallery once for each state that the gallery is in.

Moving it costs 0.2 ms and a threshold 0.05 ms (measured); a gallery changes less often than it is
asked, so both are kept by what they depend on, and on nothing else.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.decision.agreement import Agreement, agreement
from app.decision.calibration import Calibration, GallerySize, Threshold
from app.decision.reports import NO_REPORTS, Reports
from app.decision.site import SiteEvidence

_KEPT: Final = 1024  # galleries, or galleries and targets; about 10 kB each


@dataclass(frozen=True, slots=True)
class GalleryEvidence:
    """The evidence of a gallery: its people's similarities, and its operators' reports."""

    site: SiteEvidence
    reports: Reports = NO_REPORTS


class SiteCalibrations:
    """Calibrations and thresholds by a gallery's own evidence. Thread-safe."""

    def __init__(self, bundle: Calibration) -> None:
        self.bundle = bundle
        self.at = lru_cache(_KEPT)(self._at)
        self.threshold = lru_cache(_KEPT)(self._threshold)
        self.agreement = lru_cache(_KEPT)(self._agreement)

    def _at(self, evidence: GalleryEvidence) -> Calibration:
        return self.bundle.at_site(evidence.site).raised(evidence.reports.factor)

    def _threshold(self, evidence: GalleryEvidence, target: float, size: GallerySize) -> Threshold:
        return self.at(evidence).threshold(target, size)

    def _agreement(self, evidence: SiteEvidence, target: float, size: GallerySize) -> Agreement:
        return agreement(self.bundle, evidence, target, size)
