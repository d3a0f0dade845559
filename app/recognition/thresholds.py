"""Explains the present threshold of a collection, and checks that the bundle's calibration fits the
site.
"""

from collections.abc import Container, Mapping
from threading import Lock
from typing import Final

import structlog

from app.core.db import Database
from app.decision.calibration import Calibration
from app.decision.caution import caution
from app.decision.gallery_rates import GalleryRates
from app.decision.site import SiteFit, fit_site
from app.decision.words import how_often
from app.feedback.repository import verdicts
from app.gallery.models import Collection
from app.gallery.rates import KeptRates, rates_in, reports_of
from app.gallery.repository import persons_with
from app.gallery.views import cosine_view, limit_view
from app.observability.decision_metrics import DecisionMetrics
from app.recognition.outlook import Outlook, outlook_of
from app.recognition.schemas.thresholds import (
    BundleEvidence,
    ReportsView,
    SiteView,
    ThresholdEvidence,
    ThresholdView,
)
from app.recognition.search import PersonSearch
from app.replication.reader import GalleryState

_NAMED: Final = 3
_PairsOfIds = list[tuple[str, str]]
_log = structlog.get_logger()


class SiteWatch:
    """Reports how far galleries are from the bundle's calibration. Thread-safe."""

    def __init__(self, calibration: Calibration, metrics: DecisionMetrics) -> None:
        self._rates = KeptRates(calibration)
        self._metrics = metrics
        self._lock = Lock()
        self._seen: dict[str, tuple[GalleryRates, float, SiteFit]] = {}
        self._misfits: set[str] = set()

    def observe(self, collection: Collection, gallery: GalleryState) -> SiteFit:
        """Set the collection's gauges; log when it begins or ceases to fit."""
        rates, target = self._rates.of(collection, gallery), collection.target_fpir
        with self._lock:
            seen = self._seen.get(collection.id)
        if seen is not None and seen[0] is rates and seen[1] == target:
            return seen[2]
        found = fit_site(rates, target)
        self._metrics.observe_site(
            collection.id, ratio=found.ratio, shift=found.shift, stretch=found.stretch
        )
        with self._lock:
            self._seen[collection.id] = rates, target, found
            changed = found.fits is (collection.id in self._misfits)
            (self._misfits.discard if found.fits else self._misfits.add)(collection.id)
        if changed:
            tell = _log.info if found.fits else _log.warning
            tell(
                "site.fits" if found.fits else "site.misfits",
                collection=collection.id,
                persons=gallery.size.persons,
                fpir_ratio=round(found.ratio, 2),
                shift=round(found.shift, 2),
                stretch=round(found.stretch, 2),
            )
        return found

    def forget(self, collection_id: str) -> None:
        """Drop the data of a deleted collection."""
        with self._lock:
            self._misfits.discard(collection_id)
            self._seen.pop(collection_id, None)

    def retain(self, collection_ids: Container[str]) -> None:
        """Forget every other collection: another process deleted it."""
        with self._lock:
            self._misfits = {each for each in self._misfits if each in collection_ids}
            self._seen = {each: seen for each, seen in self._seen.items() if each in collection_ids}


class ThresholdService:
    """Explains the thresholds that identification uses. Thread-safe."""

    def __init__(
        self,
        database: Database,
        search: PersonSearch,
        calibration: Calibration,
        watch: SiteWatch,
    ) -> None:
        self._database = database
        self._search = search
        self._calibration = calibration
        self._watch = watch

    def threshold(self, collection_id: str) -> ThresholdView:
        """The threshold of a typical face in a collection as it is now, and the evidence."""
        collection = self._search.collection(collection_id)
        gallery = self._search.gallery(collection)
        typical = rates_in(self._calibration, collection, gallery).typical
        threshold = typical.threshold(collection.target_fpir)
        persons = gallery.size.persons
        careful = caution(threshold, persons=persons, least=typical.supported)
        return ThresholdView(
            similarity=limit_view(threshold.similarity),
            target_fpir=threshold.target,
            gallery_size=persons,
            face_count=gallery.size.templates,
            fpir_interval=list(threshold.interval),
            extrapolated=threshold.extrapolated,
            contract_id=collection.contract_id,
            evidence=self._evidence(collection, gallery, careful),
        )

    def outlook(self, collection_id: str, target: float | None = None) -> Outlook:
        """The threshold at another ``target`` (FPIR; None: the collection's) and in larger
        galleries; nothing changes.
        """
        collection = self._search.collection(collection_id)
        gallery = self._search.gallery(collection)
        typical = rates_in(self._calibration, collection, gallery).typical
        return outlook_of(typical, collection.target_fpir, target or collection.target_fpir)

    def _evidence(
        self, collection: Collection, gallery: GalleryState, careful: str | None
    ) -> ThresholdEvidence:
        found = self._watch.observe(collection, gallery)
        again = gallery.second_names
        with self._database.read() as session:
            given = verdicts(session, collection.key, collection.contract_id)
            rows = persons_with(session, {*again, *again.values()})
        ids = {row.key: row.id for row in rows}
        twice = [(ids[one], ids[other]) for other, one in again.items() if {one, other} <= set(ids)]
        return ThresholdEvidence(
            bundle=BundleEvidence(
                similarity=limit_view(found.bundle.similarity),
                fpir_interval=list(found.bundle.interval),
                extrapolated=found.bundle.extrapolated,
                calibration=dict(self._calibration.evidence),
            ),
            site=_site_view(found),
            feedback=_reports_view(collection, given),
            fpir_ratio=found.ratio if found.is_known else None,
            fpir_ratio_interval=list(found.interval) if found.is_known else None,
            fits_bundle=found.fits,
            warning=_warning(found, careful, twice),
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


def _site_view(found: SiteFit) -> SiteView:
    gallery = found.gallery
    several = gallery.persons > 1
    return SiteView(
        persons=int(gallery.persons),
        mean=cosine_view(gallery.mean) if several else None,
        deviation=gallery.deviation if several else None,
        shift=found.shift,
        stretch=found.stretch,
    )


def _warning(found: SiteFit, careful: str | None, twice: _PairsOfIds) -> str | None:
    said = [careful, _twice(twice), None if found.fits else _misfit(found)]
    if not found.is_known:
        said.append("`fpir_ratio` is null: it takes three people to show how they differ.")
    return " ".join(each for each in said if each) or None


def _twice(pairs: _PairsOfIds) -> str | None:
    """``pairs`` are the ids of persons who count as one."""
    if not pairs:
        return None
    named = ", ".join(f"{one!r} and {other!r}" for one, other in pairs[:_NAMED])
    more = f", and {len(pairs) - _NAMED} more pairs" if len(pairs) > _NAMED else ""
    return (
        f"More alike than strangers are: {named}{more}. Each pair counts as one person here, so "
        "that nobody else's threshold changes. If it is one, remove the second name; the lookalike "
        "report shows how alike they are."
    )


def _misfit(found: SiteFit) -> str:
    alike = "more" if found.ratio > 1 else "less"
    return (
        f"Strangers look {alike} alike here than in the photographs of the bundle's calibration: "
        f"at its own threshold they would be named "
        f"{how_often(found.ratio, found.interval, 'it states')}. The stated rate holds all the "
        "same: each face's scores are standardised by the people of this gallery."
    )
