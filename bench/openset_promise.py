"""Compares the rate at which strangers are named with the rate that was stated."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from app.decision.calibration import Calibration
from bench.openset_data import WEB, Photographs
from bench.openset_draw import Half, Vectors, beyond, calibrated, halves, rates_in

SPLITS: Final = (0, 1, 2)
TARGETS: Final = (0.1, 0.01, 0.001)
RECOMMENDED: Final = 0.363  # the threshold that SFace's authors recommend
GALLERIES: Final = (
    (100, 1),
    (100, 3),
    (100, 5),
    (400, 1),
    (400, 3),
    (800, 1),
    (800, 5),
    (1500, 1),
    (1500, 5),
)
_STRANGERS: Final = 0.2  # of a half, at least, for a gallery to be measured on it
SITES: Final = ((3, 1), (5, 1), (20, 1), (20, 3), (50, 1), (50, 3), (200, 1), (200, 3))
_PROBES: Final = 60_000  # strangers a row of a table, over as many galleries as that takes
_ENROLLED: Final = 6_000  # persons a row of the sites, over as many galleries: small ones differ
_DRAWS: Final = 10
_SITES: Final = 300
_RULES: Final = ("one threshold", "Kith")
"""One threshold for all probes, that of a typical one; and each probe's own."""

Rates = dict[tuple[object, ...], list[float]]


def promise_table(data: Photographs, rows: NDArray[np.int64], title: str) -> Table:
    """Observed over target FPIR, for galleries of many sizes."""
    ratios: Rates = defaultdict(list)
    inside: Rates = defaultdict(list)
    for split in SPLITS:
        fitted, reported = (
            Half(data.persons, rows, people) for people in halves(data.persons, split)
        )
        calibration = calibrated(data, fitted, split)
        for persons, templates in _measurable(reported):
            seen = _observed(calibration, data.embeddings, reported, persons, templates)
            for target, (rate, low, high) in seen.items():
                stated = target if target in TARGETS else 1.0
                ratios[persons, templates, target].append(rate / stated)
                inside[persons, templates, target].append(low <= rate <= high)
    table = Table("persons", "templates", *_headings(), title=f"Observed / target FPIR, {title}")
    for persons, templates in _measurable(reported):
        cells = [
            _cell(ratios[persons, templates, target], inside[persons, templates, target])
            for target in (*TARGETS, RECOMMENDED)
        ]
        table.add_row(str(persons), _up_to(templates), *cells)
    return table


def _measurable(half: Half) -> list[tuple[int, int]]:
    """The galleries that leave strangers enough."""
    most = len(half.people) * (1 - _STRANGERS)
    return [(persons, templates) for persons, templates in GALLERIES if persons <= most]


def _headings() -> list[str]:
    return [*(f"target {target:.1%}" for target in TARGETS), f"rate at {RECOMMENDED}"]


def _up_to(templates: int) -> str:
    return "1" if templates == 1 else f"up to {templates}"


def _cell(ratios: list[float], inside: list[float]) -> str:
    missed = "" if all(inside) else " *"  # a star: not inside the interval that was stated
    return " ".join(f"{ratio:.2f}" for ratio in ratios) + missed


def _observed(
    calibration: Calibration, vectors: Vectors, half: Half, persons: int, templates: int
) -> Mapping[float, tuple[float, float, float]]:
    """By target, the rate of strangers named and the interval stated for it.

    Under the key 0.363 stands the rate at that fixed similarity, for which nothing is stated.
    """
    rng = np.random.default_rng(persons * 10 + templates)
    draws = max(_DRAWS, _PROBES // (len(half.people) - persons))
    named: dict[float, list[float]] = defaultdict(list)
    bounds: dict[float, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(draws):
        gallery = half.gallery(persons, templates, rng)
        fused = gallery.fused(vectors)
        probes, rates = vectors[gallery.strangers], rates_in(calibration, fused)
        scores = probes @ fused.vectors.T
        for target in TARGETS:
            named[target].append(float((beyond(rates, probes, scores, target) >= 0).mean()))
            bounds[target].append(rates.typical.threshold(target).interval)
        named[RECOMMENDED].append(float((scores.max(axis=1) >= RECOMMENDED).mean()))
        bounds[RECOMMENDED].append((0.0, np.inf))
    return {
        target: (float(np.mean(rates)), *np.mean(bounds[target], axis=0).tolist())
        for target, rates in named.items()
    }


def sites_table(data: Photographs, rows: NDArray[np.int64]) -> Table:
    """Observed over target FPIR where gallery and probes come from another camera."""
    ratios: Rates = defaultdict(list)
    rows = np.intersect1d(rows, data.retaken)
    cameras = {WEB: data.embeddings[data.retaken], **data.cameras}
    for split in SPLITS:
        fitting, reporting = halves(data.persons, split)
        calibration = calibrated(data, Half(data.persons, rows, fitting), split)
        reported = Half(data.persons, rows, reporting)
        for name, taken in cameras.items():
            vectors = np.zeros_like(data.embeddings)
            vectors[data.retaken] = taken
            for persons, templates in SITES:
                for key, rate in _at_site(calibration, vectors, reported, persons, templates):
                    ratios[name, persons, templates, *key].append(rate)
    targets = TARGETS[:2]
    columns = [f"{way} {target:.0%}" for target in targets for way in _RULES]
    table = Table(
        "camera", "persons", "templates", *columns, title="Observed / target FPIR, camera changed"
    )
    for name in cameras:
        for persons, templates in SITES:
            keys = [(target, way) for target in targets for way in _RULES]
            cells = [_cell(ratios[name, persons, templates, *key], [True]) for key in keys]
            table.add_row(name, str(persons), _up_to(templates), *cells)
    return table


def _at_site(
    calibration: Calibration, vectors: Vectors, half: Half, persons: int, templates: int
) -> list[tuple[tuple[float, str], float]]:
    """The ratio at each target, by each of the rules."""
    rng = np.random.default_rng(persons * 10 + templates)
    named: dict[tuple[float, str], list[float]] = defaultdict(list)
    for _ in range(min(_ENROLLED // persons, _SITES)):
        gallery = half.gallery(persons, templates, rng)
        fused = gallery.fused(vectors)
        probes, rates = vectors[gallery.strangers], rates_in(calibration, fused)
        scores = probes @ fused.vectors.T
        for target in TARGETS[:2]:
            one = rates.typical.limit(target)
            own = beyond(rates, probes, scores, target)
            for way, reached in zip(_RULES, (scores.max(axis=1) >= one, own >= 0), strict=True):
                named[target, way].append(float(reached.mean()))
    return [(key, float(np.mean(rates)) / key[0]) for key, rates in named.items()]
