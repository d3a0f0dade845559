"""The error rates of similarities in a collection: its people, and its operators' reports."""

from app.decision.calibration import Calibration
from app.decision.gallery_rates import GalleryRates
from app.decision.reports import NO_REPORTS, Reports, believed
from app.gallery.models import Collection
from app.replication.reader import GalleryState


def rates_in(bundle: Calibration, owner: Collection, gallery: GalleryState) -> GalleryRates:
    """The rates in a gallery of the collection ``owner``, as it is at one revision and instant."""
    factor, twice = reports_of(owner).factor, len(gallery.second_names)
    return GalleryRates(bundle, gallery.cohort, gallery.size, factor, twice)


def reports_of(owner: Collection) -> Reports:
    """The reports, and the probes that count (see ``app.feedback.counts``)."""
    counts = owner.counts
    if counts is None:
        return NO_REPORTS
    return believed(counts.false_positives, counts.expected_false_positives, owner.target_fpir)
