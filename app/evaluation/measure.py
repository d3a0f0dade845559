"""Computes all numbers of a report from a gallery.

Each part is a frozen dataclass of plain numbers and names, so that the JSON is the evaluation
itself and the page is drawn from nothing else.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.calibration import Calibration
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.decision.site import SiteFit, fit_site
from app.evaluation.curves import Curves, curves
from app.evaluation.examples import Lookalike, Miss, lookalikes, misses
from app.evaluation.gallery import Gallery, Refusal
from app.evaluation.groups import GroupResult, Groups, group_results
from app.evaluation.operating import (
    OperatingPoint,
    ThresholdResult,
    operating_point,
    threshold_result,
)
from app.evaluation.rates import Rate, least_rate, own_threshold, persons_needed, share
from app.evaluation.trials import Trials, leave_one_out

_TARGETS: Final = (0.1, 0.01, 0.001)
MOST_EXAMPLES: Final = 1000
"""Most misses, and most lookalikes, that a report lists; the worst come first."""
TEN: Final = 10
"""How many times larger a gallery the report looks ahead to."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Images offered and refused; ``fte`` counts images. None where refusals are not known."""

    images: int
    used: int
    fte: Rate | None
    reasons: Mapping[str, int]
    refused: list[Refusal] | None
    people_without_any: list[str]


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes measured: ``persons`` is N. A stranger is searched among N - 1 people."""

    persons: int
    persons_with_two: int
    mated_probes: int
    stranger_probes: int
    templates_least: int
    templates_median: float
    templates_most: int


@dataclass(frozen=True, slots=True)
class Support:
    """The rates that this number of people can show: ``least_fpir`` is the upper bound if nobody
    was named by mistake; and how many people it would take to show the target.
    """

    least_fpir: float
    persons_needed: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Site:
    """How far these people's similarities to each other are from the calibration's: the mean in
    its deviations, the deviation as a factor; and how many times as often as stated strangers would
    reach the threshold of the calibration's own people (see ``app.decision.site``).
    """

    shift: float
    stretch: float
    ratio: float
    ratio_interval: tuple[float, float]
    fits: bool
    calibrated_on: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured. ``kith_threshold`` is what Kith would set in this gallery: that
    of a typical probe, and scores are given on its scale. ``one_threshold`` is the same similarity
    for all probes, with no score standardised, and ``photos_threshold`` what these images alone
    give. Nobody is enrolled with more than ``templates`` images; None: with all but the probe.
    """

    target_fpir: float
    templates: int | None
    enrolment: Enrolment
    size: Size
    support: Support
    site: Site
    rank1: Rate
    kith_threshold: ThresholdResult
    one_threshold: ThresholdResult
    photos_threshold: ThresholdResult
    photos_interval: tuple[float, float | None]
    operating_points: list[OperatingPoint]
    misses: list[Miss]
    misses_total: int
    lookalikes: list[Lookalike]
    lookalikes_total: int
    groups: dict[str, list[GroupResult]]
    people_without_group: list[str]
    curves: Curves

    @property
    def at_target(self) -> OperatingPoint:
        """The operating point that was asked for."""
        return next(each for each in self.operating_points if each.target == self.target_fpir)


class Measurement:
    """A gallery of which every image was searched. It keeps the scores and no template.

    ``done`` gets the number of further images searched.
    """

    def __init__(
        self,
        gallery: Gallery,
        calibration: Calibration,
        done: Callable[[int], None] = lambda _: None,
    ) -> None:
        fused = gallery.fused
        size = GallerySize(len(fused.owners), int(fused.templates.sum()))
        self._margin = calibration.ambiguity_margin
        self.rates = GalleryRates(calibration, gallery.cohort, size, gallery.reports.factor)
        self.trials, self._plain = leave_one_out(gallery, self.rates, done)

    def at(self, target: float, factor: float = TEN) -> OperatingPoint:
        """The operating point for the FPIR ``target``, here and in a gallery ``factor`` times as
        large.
        """
        return operating_point(self.trials, self.rates, target, margin=self._margin, factor=factor)

    def report(
        self,
        gallery: Gallery,
        target_fpir: float,
        *,
        groups: Groups | None = None,
        factor: float = TEN,
    ) -> Evaluation:
        """Everything that the scores of ``gallery`` show; its names are in it."""
        trials, plain, rates, margin = self.trials, self._plain, self.rates, self._margin
        persons = rates.size.persons
        stated = rates.typical.threshold(target_fpir)
        kith = threshold_result(trials, stated.similarity, margin=margin, stated=stated)
        own = own_threshold(trials, target_fpir)
        missed = misses(trials, gallery, kith.similarity)
        alike = lookalikes(trials, gallery, kith.similarity)
        return Evaluation(
            target_fpir=target_fpir,
            templates=gallery.templates,
            enrolment=_enrolment(gallery),
            size=_size(trials, gallery),
            support=Support(least_rate(persons), persons_needed(target_fpir), own.high is not None),
            site=_site(rates.bundle, fit_site(rates, target_fpir)),
            rank1=share(trials.first[trials.mated], trials.owner[trials.mated]),
            kith_threshold=kith,
            one_threshold=threshold_result(plain, stated.similarity, margin=margin),
            photos_threshold=threshold_result(trials, own.similarity, margin=margin),
            photos_interval=(own.low, own.high),
            operating_points=[
                self.at(each, factor) for each in sorted({*_TARGETS, target_fpir}, reverse=True)
            ],
            misses=missed[:MOST_EXAMPLES],
            misses_total=len(missed),
            lookalikes=alike[:MOST_EXAMPLES],
            lookalikes_total=sum(each.named for each in alike),
            groups=group_results((trials, plain), gallery, groups, stated) if groups else {},
            people_without_group=groups.unlisted(gallery.people) if groups else [],
            curves=curves(trials, plain, rates, factor=factor),
        )


def evaluate(
    gallery: Gallery,
    calibration: Calibration,
    *,
    target_fpir: float,
    groups: Groups | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Measure ``gallery`` by leave-one-out; ``done`` gets the number of further images searched."""
    return Measurement(gallery, calibration, done).report(gallery, target_fpir, groups=groups)


def _enrolment(gallery: Gallery) -> Enrolment:
    used = len(gallery.owners)
    with_any = {*gallery.owners.tolist()}
    without = [name for i, name in enumerate(gallery.titles) if i not in with_any]
    if gallery.refused is None:
        return Enrolment(used, used, None, {}, None, without)
    owner = np.concatenate([gallery.owners, gallery.refused_owners])
    lost = np.arange(len(owner)) >= used
    reasons = Counter(reason for each in gallery.refused for reason in each.reasons)
    return Enrolment(
        images=len(owner),
        used=used,
        fte=share(lost, owner),
        reasons=dict(reasons.most_common()),
        refused=list(gallery.refused),
        people_without_any=without,
    )


def _size(trials: Trials, gallery: Gallery) -> Size:
    fused = gallery.fused
    return Size(
        persons=trials.persons,
        persons_with_two=int((np.bincount(gallery.owners) > 1).sum()),
        mated_probes=int(trials.mated.sum()),
        stranger_probes=len(trials.owner),
        templates_least=int(fused.templates.min()),
        templates_median=float(np.median(fused.templates)),
        templates_most=int(fused.templates.max()),
    )


def _site(calibration: Calibration, found: SiteFit) -> Site:
    data = str(calibration.evidence.get("data", "unknown"))
    return Site(found.shift, found.stretch, found.ratio, found.interval, found.fits, data)
