"""The error rates of similarities in a collection: its people, and its operators' reports."""

from typing import Final

from app.decision.calibration import Calibration
from app.decision.gallery_rates import GalleryRates
from app.decision.reports import NO_REPORTS, Reports, believed
from app.gallery.models import Collection
from app.replication.reader import GalleryState

_MOST_KEPT: Final = 1_000


def rates_in(bundle: Calibration, owner: Collection, gallery: GalleryState) -> GalleryRates:
    """The rates in a gallery of the collection ``owner``, as it is at one revision and instant."""
    factor, twice = reports_of(owner).factor, len(gallery.second_names)
    return GalleryRates(bundle, gallery.cohort, gallery.size, factor, twice)


class KeptRates:
    """``rates_in`` with a memory: while a gallery stays as it is, it gives the same object, which
    keeps what it has computed. Thread-safe.
    """

    def __init__(self, bundle: Calibration) -> None:
        self._bundle = bundle
        self._kept: dict[int, GalleryRates] = {}

    def of(self, owner: Collection, gallery: GalleryState) -> GalleryRates:
        """The rates in a gallery of the collection ``owner``."""
        kept, found = self._kept.get(owner.key), rates_in(self._bundle, owner, gallery)
        if kept is not None and kept.is_same(found):
            return kept
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[owner.key] = found
        return found


def reports_of(owner: Collection) -> Reports:
    """The reports, and the probes that count (see ``app.feedback.counts``)."""
    counts = owner.counts
    if counts is None:
        return NO_REPORTS
    return believed(counts.false_positives, counts.expected_false_positives, owner.target_fpir)
