"""Explains the present threshold of a collection, and checks that the bundle's calibration fits the
site.
"""

from collections.abc import Container, Mapping
from threading import Lock

import structlog

from app.core.db import Database
from app.decision.agreement import Agreement
from app.decision.calibration import MOST_LOWERED, Threshold
from app.decision.moments import Moments
from app.decision.site import SiteFit
from app.decision.sites import SiteCalibrations
from app.decision.words import how_often
from app.feedback.repository import verdicts
from app.gallery.evidence import evidence_of, reports_of
from app.gallery.models import Collection
from app.gallery.views import cosine_view, limit_view
from app.observability.decision_metrics import DecisionMetrics
from app.recognition.schemas.thresholds import (
    BundleEvidence,
    ReportsView,
    SiteView,
    ThresholdEvidence,
    ThresholdView,
)
from app.recognition.search import PersonSearch
from app.replication.reader import GalleryState

_log = structlog.get_logger()


class SiteWatch:
    """Reports how far galleries are from the bundle's calibration. Thread-safe."""

    def __init__(self, calibrations: SiteCalibrations, metrics: DecisionMetrics) -> None:
        self._calibrations = calibrations
        self._metrics = metrics
        self._lock = Lock()
        self._misfits: set[str] = set()

    def observe(self, collection: Collection, gallery: GalleryState) -> Agreement:
        """Set the collection's gauges; log when it begins or ceases to fit."""
        found = self._calibrations.agreement(gallery.evidence, collection.target_fpir, gallery.size)
        site = found.site
        self._metrics.observe_site(
            collection.id, ratio=found.ratio, shift=site.shift, stretch=site.stretch
        )
        with self._lock:
            changed = found.fits is (collection.id in self._misfits)
            (self._misfits.discard if found.fits else self._misfits.add)(collection.id)
        if changed:
            tell = _log.info if found.fits else _log.warning
            tell(
                "site.fits" if found.fits else "site.misfits",
                collection=collection.id,
                persons=site.persons,
                fpir_ratio=round(found.ratio, 2),
                shift=round(site.shift, 2),
                stretch=round(site.stretch, 2),
            )
        return found

    def forget(self, collection_id: str) -> None:
        """Drop the data of a deleted collection."""
        with self._lock:
            self._misfits.discard(collection_id)

    def retain(self, collection_ids: Container[str]) -> None:
        """Forget every other collection: another process deleted it."""
        with self._lock:
            self._misfits = {each for each in self._misfits if each in collection_ids}


class ThresholdService:
    """Explains the thresholds that identification uses. Thread-safe."""

    def __init__(
        self,
        database: Database,
        search: PersonSearch,
        calibrations: SiteCalibrations,
        watch: SiteWatch,
    ) -> None:
        self._database = database
        self._search = search
        self._calibrations = calibrations
        self._watch = watch

    def threshold(self, collection_id: str) -> ThresholdView:
        """The present threshold of a collection, the bundle's, and the evidence."""
        collection = self._search.collection(collection_id)
        gallery = self._search.gallery(collection)
        evidence = evidence_of(collection, gallery)
        threshold = self._calibrations.threshold(evidence, collection.target_fpir, gallery.size)
        return ThresholdView(
            similarity=limit_view(threshold.similarity),
            target_fpir=threshold.target,
            gallery_size=gallery.size.persons,
            face_count=gallery.size.templates,
            fpir_interval=list(threshold.interval),
            extrapolated=threshold.extrapolated,
            contract_id=collection.contract_id,
            evidence=self._evidence(collection, gallery, threshold),
        )

    def _evidence(
        self, collection: Collection, gallery: GalleryState, used: Threshold
    ) -> ThresholdEvidence:
        found = self._watch.observe(collection, gallery)
        calibration = self._calibrations.at(evidence_of(collection, gallery))
        least = calibration.least(used.target, gallery.size)
        at_least = used.similarity <= least
        with self._database.read() as session:
            given = verdicts(session, collection.key, collection.contract_id)
        return ThresholdEvidence(
            bundle=BundleEvidence(
                similarity=limit_view(found.bundle.similarity),
                fpir_interval=list(found.bundle.interval),
                extrapolated=found.bundle.extrapolated,
                calibration=dict(self._calibrations.bundle.evidence),
            ),
            site=_site_view(
                gallery, found.site, self._calibrations.bundle.moments, least, at_least=at_least
            ),
            feedback=_reports_view(collection, given),
            fpir_ratio=found.ratio,
            fpir_ratio_interval=list(found.interval),
            fits_bundle=found.fits,
            warning=_warning(found, least if at_least else None),
        )


def _reports_view(collection: Collection, given: Mapping[str, int]) -> ReportsView:
    """``given``: how many reports there are of each verdict."""
    counts = collection.counts
    return ReportsView(
        probes=counts.probes if counts else 0,
        expected_false_positives=counts.expected_false_positives if counts else 0.0,
        false_positives=counts.false_positives if counts else 0,
        not_them=given.get("not_them", 0),
        them=given.get("them", 0),
        factor=reports_of(collection).factor,
    )


def _site_view(
    gallery: GalleryState, site: SiteFit, bundle: Moments, least: float, *, at_least: bool
) -> SiteView:
    seen = gallery.evidence
    several = seen.persons > 1
    return SiteView(
        persons=seen.persons,
        mean=cosine_view(seen.mean) if several else None,
        deviation=seen.deviation if several else None,
        persons_with_several_faces=seen.coherent,
        coherence=cosine_view(seen.coherence) if seen.coherent else None,
        shift=site.shift,
        stretch=site.stretch,
        used_shift=(site.moments.mean - bundle.mean) / bundle.deviation,
        used_stretch=site.moments.deviation / bundle.deviation,
        shift_error=site.mean_error,
        stretch_error=site.deviation_error,
        least_similarity=limit_view(least),
        at_least=at_least,
    )


def _warning(found: Agreement, least: float | None) -> str | None:
    """``least`` is the bound at which the threshold is, if it is at it."""
    told = [] if found.fits else [_misfit(found)]
    if least is not None:
        told.append(
            f"The people of this gallery are so unlike each other that the threshold would be "
            f"lower; it falls at most to {least:.4f}, where by the bundle alone strangers would be "
            f"named {MOST_LOWERED:g} times as often as stated."
        )
    return " ".join(told) or None


def _misfit(found: Agreement) -> str:
    alike = "more" if found.ratio > 1 else "less"
    return (
        f"Strangers look {alike} alike here than in the photographs of the bundle's calibration: "
        f"at its own threshold they would be named "
        f"{how_often(found.ratio, found.interval, 'it states')}. The threshold in use allows for "
        "it: it follows from how alike the people of this gallery are."
    )
