"""``python -m bench.openset``: whether the threshold keeps its promise, and what that costs.

Three random splits of the people in two halves: everything is calibrated on one and reported on
the other. Needs photographs: ``KITH_TEST_DATA`` names the folder that holds ``lfw-devtrain``.

Plain SFace learned from none of these people, ``face`` as Kith adapted it from half of them: it is
measured on the others.
"""

import os
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from app.bundles.bundle import Bundle
from app.inference.pipeline import build_pipeline
from bench.openset_cost import cost_table, scores_table
from bench.openset_data import Photographs, never_trained_on, photographs
from bench.openset_mixtures import mixtures_table, turned_heads
from bench.openset_promise import promise_table, sites_table
from bench.openset_tail import tail_table

_PLAIN: Final = "1"  # the version of ``face`` that is SFace itself
_ERRORS: Final = Path("app/bundles/recipes/face/lfw-label-errors.txt")
_SECOND_NAMES: Final = Path("bench/lfw-second-names.txt")


def main() -> None:
    """Measure and print."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("this bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    bundle = Bundle.load(Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face")))
    pipeline, cache = build_pipeline(bundle), Path("data/cache")
    data = photographs(
        Path(named) / "lfw-devtrain",
        pipeline,
        cache=cache,
        threads=os.cpu_count() or 1,
    )
    if bundle.manifest.version != _PLAIN:
        data = data.of(np.array([never_trained_on(person) for person in data.persons]))
    out = Console(width=120)
    people = len(np.unique(data.persons))
    out.print(f"{bundle.manifest.contract_id}: {len(data.names)} photographs of {people} people")
    every = np.arange(len(data.names))
    clean = np.flatnonzero(~_listed(data, _ERRORS))
    once = np.setdiff1d(clean, np.flatnonzero(_listed(data, _SECOND_NAMES)))
    out.print(promise_table(data, every, "all images"))
    out.print(promise_table(data, clean, "known label errors left out"))
    out.print(promise_table(data, once, "known label errors and second names left out"))
    out.print(tail_table(data, clean))
    out.print(sites_table(data, clean))
    heads = Path(named) / "cfp-dev"
    further = [turned_heads(heads, pipeline, cache=cache)] if heads.is_dir() else []
    out.print(mixtures_table(data, clean, further))
    out.print(scores_table(data, clean, "known label errors left out"))
    out.print(scores_table(data, once, "known label errors and second names left out"))
    out.print(cost_table(data, clean))


def _listed(data: Photographs, file: Path) -> NDArray[np.bool_]:
    """Which images a list names, by file or by person."""
    names = [line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines()]
    return np.isin(data.names, names) | np.isin(data.persons, names)


if __name__ == "__main__":
    main()
