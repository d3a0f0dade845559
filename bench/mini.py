"""``make bench-mini``: compares the shipped ``face-mini`` with the ``face`` bundle, in one run.

Needs photographs: ``KITH_TEST_DATA`` names the folder. Prints the time of one face on one core,
what each bundle weighs, and what each can do with the people whom ``face-mini`` never saw: with
them all, and without LFW's known label errors.
"""

import os
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.bundles.bundle import Bundle
from app.bundles.recipe import RECIPES
from app.inference.pipeline import build_pipeline
from app.inference.session import open_session
from app.settings import SHIPPED
from app.vision.preprocess import to_blob
from training.datasets.base import Images, ImageSet
from training.evaluate.suite import Measured, measure
from training.prepare import prepare
from training.run_file import load_config

RUN: Final = Path("training/runs/face-mini.toml")
ERRORS: Final = RECIPES / "face" / "lfw-label-errors.txt"
ROUNDS: Final = 300

Times = NDArray[np.float64]
"""Milliseconds of each run."""


def main() -> None:
    """Measure and print."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("make bench-mini needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    face = Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face"))
    bundles = {"face": Bundle.load(face), "face-mini": Bundle.load(SHIPPED / "face-mini")}
    unseen = prepare(load_config(RUN).data, Path(named)).unseen
    times = _times(bundles, unseen.images[0])
    out = Console()
    out.print(_cost(bundles, times))
    out.print(_worth(bundles, unseen))


def _times(bundles: dict[str, Bundle], crop: NDArray[np.uint8]) -> dict[str, Times]:
    """By turns, so that both meet the same machine; after a few runs that do not count."""
    asked = {name: _asked(bundle, crop) for name, bundle in bundles.items()}
    taken: dict[str, list[float]] = {name: [] for name in bundles}
    for _ in range(ROUNDS):
        for name, (session, feed) in asked.items():
            started = time.perf_counter()
            session.run(None, feed)
            taken[name].append((time.perf_counter() - started) * 1e3)
    return {name: np.array(each[ROUNDS // 10 :]) for name, each in taken.items()}


def _asked(
    bundle: Bundle, crop: NDArray[np.uint8]
) -> tuple[ort.InferenceSession, dict[str, NDArray[np.float32]]]:
    session = open_session(bundle.embedder)
    blob = to_blob([crop], bundle.manifest.preprocessing.build())
    return session, {session.get_inputs()[0].name: blob}


def _cost(bundles: dict[str, Bundle], times: dict[str, Times]) -> Table:
    table = Table("bundle", "p50 ms", "p99 ms", "of face", "MB", title="One core, one aligned face")
    for name, bundle in bundles.items():
        p50, p99 = np.percentile(times[name], [50, 99])
        size = sum(file.stat().st_size for file in bundle.folder.iterdir()) / 1e6
        share = p50 / float(np.median(times["face"]))
        table.add_row(name, f"{p50:.2f}", f"{p99:.2f}", f"{share:.2f}", f"{size:.2f}")
    return table


def _worth(bundles: dict[str, Bundle], unseen: ImageSet) -> Table:
    right = ~wrong_names(unseen)
    table = Table("bundle", "of", "pairs right", "EER", "rank-1", "DIR at FPIR 1 %", "95 %")
    for name, bundle in bundles.items():
        z = _embedded(bundle, unseen.images, name)
        for which, rows in (("all", np.ones_like(right)), ("labels right", right)):
            row = _cells(measure(z[rows], unseen.take(rows).relabelled())[0])
            table.add_row(name, which, *row)
    table.title = f"{len(unseen.identities)} people never seen, {len(unseen)} images"
    return table


def wrong_names(data: ImageSet) -> NDArray[np.bool_]:
    """Which images (n,) stand in the list of LFW's known label errors, by person or by file."""
    lines = ERRORS.read_text(encoding="utf-8").splitlines()
    listed = {line.partition("#")[0].strip() for line in lines} - {""}
    names = zip(data.names, data.labels, strict=True)
    return np.array([Path(f).stem in listed or data.identities[who] in listed for f, who in names])


def _embedded(bundle: Bundle, images: Images, name: str) -> NDArray[np.float32]:
    pipeline = build_pipeline(bundle)
    rows = [pipeline.embed([image]) for image in track(images, name)]
    return np.concatenate(rows)


def _cells(found: Measured) -> tuple[str, ...]:
    return (
        f"{found.accuracy:.2%}",
        f"{found.eer:.2%}",
        f"{found.rank1:.2%} (N = {found.persons}, {found.mated_probes} probes)",
        f"{found.dir_at_fpir_1:.2%} ({found.stranger_probes} strangers)",
        f"{found.dir_low:.2%} to {found.dir_high:.2%}",
    )


if __name__ == "__main__":
    main()
