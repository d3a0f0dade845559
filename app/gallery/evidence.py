"""The evidence for a collection's calibration, in addition to the bundle's."""

from app.decision.reports import NO_REPORTS, Reports, believed
from app.decision.sites import GalleryEvidence
from app.gallery.models import Collection
from app.replication.reader import GalleryState


def evidence_of(owner: Collection, gallery: GalleryState) -> GalleryEvidence:
    """The statistics of its people's similarities to each other, and its reports."""
    return GalleryEvidence(gallery.evidence, reports_of(owner))


def reports_of(owner: Collection) -> Reports:
    """The reports, and the probes that count (see ``app.feedback.counts``)."""
    counts = owner.counts
    if counts is None:
        return NO_REPORTS
    return believed(counts.false_positives, counts.expected_false_positives, owner.target_fpir)
