"""``make bench-spoilt``: whom one spoilt photo lets in, and what it costs to keep them out.

48 people of Labeled Faces in the Wild are enrolled, one of them with a spoilt photo; strangers come
who are spoilt in the same way, at a stated FPIR of 0.1 %. Every refusal is off, but in the column
that says so. Nobody is in two of the groups of ``bench.spoilt_data``. ``KITH_TEST_DATA`` names the
photos; the first run embeds some 27,000 faces.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.bundles.bundle import Bundle
from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fusion import fuse
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize, comparison_rate
from app.decision.recognisability import Recognisability
from app.decision.recognisability_fit import fit_recognisability
from app.decision.standardise import Norms
from app.inference.folders import photos_in
from app.inference.pipeline import build_pipeline
from app.settings import Settings
from bench.spoilt_data import Data, Vectors, faces
from bench.spoilt_kinds import UNSEEN

PERSONS, TARGET, GALLERIES = 48, 0.001, 5
_FEWEST: Final = 20  # spoilt faces that the detector finds; of fewer, no rate is shown
_ENROLLED: Final = 120
_DRAWS: Final = 5
_ALL: Final = None
_LIMIT: Final = float(Settings.model_fields["min_recognisability"].default)

Floats = NDArray[np.float64]


def main() -> None:
    """Print the table of kinds, what it costs whole and degraded faces, and how long it takes."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("this bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    bundle = Bundle.load(Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face")))
    data = faces(
        photos_in(Path(named) / "lfw-devtrain"),
        build_pipeline(bundle),
        cache=Path("data/cache"),
        threads=os.cpu_count() or 1,
    )
    console, plain = Console(width=150), replace(bundle.calibration, recognisability=None)
    console.print(kinds_table(data, plain))
    console.print(cost_table(data, plain))
    console.print(_milliseconds(data, _learned(data)))


def _learned(data: Data, but: str | None = _ALL) -> Recognisability:
    """From the people to learn from, without one kind of damage."""
    rows = data.learned.kinds != but
    some = data.learned.vectors[rows], data.learned.kinds[rows], data.learned.same[rows]
    found = fit_recognisability(data.whole, *some)
    if found is None:
        sys.exit("the photographs are too few to learn from")
    return found


def kinds_table(data: Data, plain: Calibration) -> Table:
    """Strangers named by a template that is spoilt as they are, over stated."""
    known = _learned(data)
    table = Table(
        "damage", "faces found", "refused", "gallery alone", "Kith", "kind left out",
        "Kith, with refusals",
        title=f"Strangers named / stated, FPIR {TARGET:.1%}, {PERSONS} persons",
    )  # fmt: skip
    for kind in dict.fromkeys([*data.learned.kinds.tolist(), *UNSEEN]):
        vectors, people = data.spoilt.of(kind)
        if len(vectors) < _FEWEST:
            table.add_row(kind, str(len(vectors)), *[""] * 5)
            continue
        taken = known.of(vectors) >= _LIMIT
        without = _ratio(data, plain, kind, _learned(data, kind)) if kind not in UNSEEN else None
        table.add_row(
            f"{kind} *" if kind in UNSEEN else kind,
            str(len(people)),
            f"{(~taken).mean():.0%}",
            f"{_ratio(data, plain, kind, None):.1f}",
            f"{_ratio(data, plain, kind, known):.1f}",
            "" if without is None else f"{without:.1f}",
            f"{_ratio(data, plain, kind, known, enrolled=taken):.1f}",
        )
    return table


def _ratio(
    data: Data,
    plain: Calibration,
    kind: str,
    learned: Recognisability | None,
    *,
    enrolled: NDArray[np.bool_] | None = None,
) -> float:
    vectors, people = data.spoilt.of(kind)
    strangers = people[:, None] != people[None]
    rate = np.mean(
        [((z >= limit) & strangers)[:, rows].sum() / strangers.sum()
         for z, limit in _scores(data, plain, vectors, learned)
         for rows in [slice(None) if enrolled is None else enrolled]]
    )  # fmt: skip
    return float(rate) / TARGET


def _scores(
    data: Data, plain: Calibration, vectors: Vectors, learned: Recognisability | None
) -> Iterator[tuple[Floats, float]]:
    """For some galleries the standardised scores of all ``vectors`` (n, d) as probes against each
    of them as a template (n, n), and the limit.
    """
    alike = (vectors @ vectors.T).astype(np.float64)
    rng = np.random.default_rng(0)
    singles = np.stack([templates[0] for templates in data.templates.values()])
    bundle = replace(plain, recognisability=learned)
    for _ in range(GALLERIES):
        people = singles[rng.permutation(len(singles))[: PERSONS - 1]]
        rates = GalleryRates(bundle, Cohort.of(people), GallerySize(PERSONS, PERSONS))
        norms = replace(rates.norms(vectors), inside=False)  # all but the template
        z = _standing(rates, vectors, _column(norms).z(alike))
        yield z, rates.z_at(comparison_rate(TARGET, PERSONS))


def _column(norms: Norms) -> Norms:
    """The norms of n probes for scores (n, m)."""
    return replace(norms, mean=norms.mean[:, None], squares=norms.squares[:, None])


def _standing(rates: GalleryRates, people: Vectors, z: Floats) -> Floats:
    """The scores ``z`` (n, m) of n probes at m people, no higher than among spoilt strangers."""
    if rates.spoilt is None:
        return z
    spoilt = rates.spoilt.at(people)
    return np.stack([np.minimum(row, spoilt.z(row)) for row in z])


def cost_table(data: Data, plain: Calibration) -> Table:
    """The cost for photos that are as they should be, and for degraded ones."""
    learned, table = _learned(data), Table(
        "probes", "refused to enrol", "DIR, gallery alone", "DIR, Kith", "at FPIR 1 %, alone",
        "at FPIR 1 %, Kith",
        title=f"{_ENROLLED} persons, up to 3 photos, stated FPIR 1 %",
    )  # fmt: skip
    for view, vectors in data.views.items():
        refused = f"{(learned.of(vectors) < _LIMIT).mean():.1%}"
        ways = [_found(data, plain, vectors, way) for way in (None, learned)]
        stated, equal = zip(*ways, strict=True)
        table.add_row(view, refused, *(f"{each:.4f}" for each in (*stated, *equal)))
    everybody = np.concatenate(list(data.templates.values()))
    table.add_row("all templates", f"{(learned.of(everybody) < _LIMIT).mean():.2%}", *[""] * 4)
    return table


def _found(
    data: Data, plain: Calibration, vectors: Vectors, learned: Recognisability | None
) -> tuple[float, float]:
    """DIR at the stated FPIR, and at the score that 1 % of the strangers reach."""
    names, fused = [*data.templates], np.stack([fuse(each) for each in data.templates.values()])
    rng, beyond, best = np.random.default_rng(1), list[Floats](), list[Floats]()
    viewed = np.isin(names, data.viewed)
    able = np.flatnonzero(viewed & [len(each) == 3 for each in data.templates.values()])
    for _ in range(_DRAWS):
        chosen = rng.permutation(able)[:_ENROLLED]
        people, place = fused[chosen], {names[row]: i for i, row in enumerate(chosen)}
        size = GallerySize(_ENROLLED, _ENROLLED)
        rates = GalleryRates(replace(plain, recognisability=learned), Cohort.of(people), size)
        limit = rates.z_at(comparison_rate(0.01, _ENROLLED))
        alike = (vectors @ people.T).astype(np.float64)
        z = _standing(rates, people, _column(rates.norms(vectors)).z(alike))
        own = np.array([place.get(name, -1) for name in data.viewed])
        mated = np.flatnonzero(own >= 0)
        first = z[mated].argmax(axis=1) == own[mated]
        beyond.append(np.where(first, z[mated].max(axis=1), -np.inf) - limit)
        best.append(z[own < 0].max(axis=1) - limit)
    found, strangers_best = np.concatenate(beyond), np.concatenate(best)
    return float((found >= 0).mean()), float((found > np.quantile(strangers_best, 0.99)).mean())


def _milliseconds(data: Data, learned: Recognisability) -> str:
    """The time of one face: its recognisability, and five candidates."""
    people = np.stack([templates[0] for templates in data.templates.values()])[:6]
    repeats, z, total = 2000, np.full(5, 4.0), people.sum(axis=0)
    started = time.process_time()
    for _ in range(repeats):
        learned.of(people[5:])
        learned.among(6, total, 3.0).z(people[:5], z)
    return f"A face costs {(time.process_time() - started) / repeats * 1e3:.3f} ms."


if __name__ == "__main__":
    main()
