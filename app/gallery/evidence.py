"""What a collection's calibration rests on beside the bundle."""

from app.decision.reports import NO_REPORTS, Reports, believed
from app.decision.sites import GalleryEvidence
from app.gallery.models import Collection
from app.replication.reader import GalleryState


def evidence_of(owner: Collection, gallery: GalleryState) -> GalleryEvidence:
    """What the people in it say of each other, and what was reported of its answers."""
    return GalleryEvidence(gallery.evidence, reports_of(owner))


def reports_of(owner: Collection) -> Reports:
    """What was reported, held against the probes that count (see ``app.feedback.counts``)."""
    counts = owner.counts
    if counts is None:
        return NO_REPORTS
    return believed(counts.false_positives, counts.expected_false_positives, owner.target_fpir)
