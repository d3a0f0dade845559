"""The cost of keeping the stated rate: persons missed by each way to score, and time."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from app.decision.calibration import Calibration
from app.decision.cohort import CohortSums
from app.decision.fusion import fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.open_set import decide
from app.decision.rates import GallerySize
from bench.openset_data import Photographs
from bench.openset_draw import Half, beyond, calibrated, halves, rates_in
from bench.openset_promise import SPLITS, TARGETS, Rates
from bench.openset_scores import WAYS, Trial, dir_at

_DRAWS: Final = 10
_STATED: Final = "Kith: centroid at its stated threshold"
_SEEN: Final = "(observed FPIR there)"


def scores_table(data: Photographs, rows: NDArray[np.int64], title: str) -> Table:
    """DIR of each way to score, three templates a person, at the strangers' own quantile; and of
    what Kith does, at the threshold that it states beforehand.
    """
    found: Rates = defaultdict(list)
    for split in SPLITS:
        fitted, reported = (
            Half(data.persons, rows, people) for people in halves(data.persons, split)
        )
        calibration = calibrated(data, fitted, split)
        rng = np.random.default_rng(split)
        for _ in range(_DRAWS):
            _try_ways(data, fitted, reported, calibration, rng, found)
    columns = [f"DIR at FPIR {target:.1%}" for target in TARGETS[1:]]
    table = Table("score of a person", *columns, title=f"Three templates a person, {title}")
    for name in [*WAYS, _STATED, _SEEN]:
        table.add_row(name, *(f"{np.mean(found[name, target]):.4f}" for target in TARGETS[1:]))
    return table


def _try_ways(
    data: Photographs,
    fitted: Half,
    reported: Half,
    calibration: Calibration,
    rng: np.random.Generator,
    found: Rates,
) -> None:
    """One gallery of all who have four images; everybody else is a stranger."""
    rich = sum(len(images) > 3 for images in reported.people)
    gallery = reported.gallery(rich, 3, rng, spare=1)
    enrolled = np.stack(gallery.enrolled)
    strangers = np.setdiff1d(reported.rows, np.concatenate([enrolled.ravel(), gallery.mated]))
    probes = np.concatenate([gallery.mated, strangers])
    trial = Trial(
        data.embeddings[enrolled],
        data.quality[enrolled],
        data.embeddings[probes],
        data.quality[probes],
        np.stack([data.embeddings[images].mean(axis=0) for images in fitted.people]),
        data.embeddings[fitted.rows],
        data.quality[fitted.rows],
        data.mirrored[enrolled],
        data.mirrored[probes],
    )
    mated = len(gallery.mated)
    for name, way in WAYS.items():
        scores = way(trial)
        for target in TARGETS[1:]:
            rate, _ = dir_at(target, scores[:mated], gallery.mates, scores[mated:])
            found[name, target].append(rate)
    scores, fused = WAYS["centroid"](trial), gallery.fused(data.embeddings)
    rates, right = rates_in(calibration, fused), scores[:mated].argmax(axis=1) == gallery.mates
    for target in TARGETS[1:]:
        reaches = beyond(rates, trial.probes, scores, target) >= 0
        reached, named = reaches[:mated], float(reaches[mated:].mean())
        found[_STATED, target].append(float((right & reached).mean()))
        found[_SEEN, target].append(named)


def cost_table(data: Photographs, rows: NDArray[np.int64]) -> Table:
    """The time that the decision adds to a probe, after its search."""
    bundle = calibrated(data, Half(data.persons, rows, halves(data.persons, 0)[0]), 0)
    sums, size = _sums(data, rows), GallerySize(100_000, 300_000)
    kept = GalleryRates(bundle, sums.cohort(), size)
    gallery = np.random.default_rng(0).normal(size=(100_000, data.embeddings.shape[1]))
    vectors, probe = gallery.astype(np.float32), data.embeddings[0]

    def deciding(rates: GalleryRates = kept) -> None:
        scores = [0.61, 0.33, 0.32, 0.31, 0.30]
        own = rates.of(probe[None])[0].unmasked(scores, 0.001)
        decide(scores, own.limit(0.001), margin=0.03)
        own.fpirs(scores)

    def after_a_change() -> None:
        deciding(GalleryRates(bundle, sums.cohort(), size))

    table = Table("step", "ms", title="One probe among 100,000 persons, five candidates")
    table.add_row("exact search (numpy, one matrix product)", f"{_median(lambda: vectors @ probe)}")
    table.add_row("threshold, decision, five candidates' FPIR", f"{_median(deciding)}")
    table.add_row("the same after the gallery changed", f"{_median(after_a_change)}")
    return table


def _sums(data: Photographs, rows: NDArray[np.int64]) -> CohortSums:
    """The people in the first thousand photographs."""
    people = fuse_persons(
        data.embeddings[rows[:1000]], np.unique(data.persons[rows[:1000]], return_inverse=True)[1]
    )
    sums = CohortSums(data.embeddings.shape[1])
    sums.add(people.vectors)
    return sums


def _median(run: Callable[[], object]) -> str:
    taken = []
    for _ in range(200):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return f"{np.median(taken) * 1e3:.3f}"
