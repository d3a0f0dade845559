"""What a collection's calibration rests on beside the bundle."""

from app.decision.reports import NO_REPORTS, Reports
from app.decision.sites import GalleryEvidence
from app.gallery.models import Collection
from app.index.replica import GalleryState


def evidence_of(owner: Collection, gallery: GalleryState) -> GalleryEvidence:
    """What the people in it say of each other, and what was reported of its answers."""
    return GalleryEvidence(gallery.evidence, reports_of(owner))


def reports_of(owner: Collection) -> Reports:
    """Each confirmed false positive was a probe itself, with the rate that was stated of it."""
    count = owner.false_positives
    if not count:
        return NO_REPORTS
    return Reports(count, max(owner.expected_false_positives, count * owner.target_fpir))
