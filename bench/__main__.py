"""``make bench``: where the time of a request goes, and how much of it the bare models take.

Needs photographs: ``KITH_TEST_DATA`` names the folder. Starts a real server here, asks it
over HTTP, and prints p50 and p99 of every step, and requests/s with 1, 2 and 4 clients.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.bundles.bundle import Bundle
from app.index.flat import FlatIndex
from app.inference.pipeline import Pipeline, build_pipeline
from app.inference.session import open_session
from app.vision.align import align_face
from app.vision.decode import ImageLimits, decode_image
from app.vision.preprocess import to_blob
from bench.load import Load, measure
from tests.support.server import ServerProcess

IMAGES: Final = 120
ROUNDS: Final = 3
CLIENTS: Final = (1, 2, 4)
SECONDS: Final = 10.0
GALLERY: Final = 100_000
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)

Item = TypeVar("Item")
Times = NDArray[np.float64]
"""Milliseconds of each run."""


def main() -> None:
    """Measure and print."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("make bench needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    folder = Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face"))
    pipeline = build_pipeline(Bundle.load(folder))
    images = _portraits(pipeline, Path(named) / "lfw-devtrain")
    steps, loads = _steps(pipeline, images), _served(folder, images)
    again = _steps(pipeline, images)  # before and after: a machine that slows down shows itself
    steps = {name: np.concatenate([times, again[name]]) for name, times in steps.items()}
    bare = float(np.median(steps["bare detector"]) + np.median(steps["bare embedder"]))
    out = Console()
    out.print(_steps_table(steps, bare))
    out.print(_loads_table(loads, bare))


def _portraits(pipeline: Pipeline, folder: Path) -> list[bytes]:
    """Photos with exactly one face, so that a request is one run of each model."""
    portraits = []
    for file in sorted(folder.glob("*/*_0001.jpg")):
        data = file.read_bytes()
        if len(pipeline.find(decode_image(data, _LIMITS))) == 1:
            portraits.append(data)
        if len(portraits) == IMAGES:
            break
    return portraits


def _steps(pipeline: Pipeline, images: list[bytes]) -> dict[str, Times]:
    decoded = [decode_image(data, _LIMITS) for data in images]
    sampled = [(image, pipeline.find(image)[0]) for image in decoded]
    faces = [(image, one.landmarks) for image, one in sampled if one.landmarks is not None]
    preprocessing = pipeline.bundle.manifest.preprocessing.build()
    blobs = [to_blob([sample.crop], preprocessing) for _, sample in sampled]
    embedder = open_session(pipeline.bundle.embedder)
    assert pipeline.bundle.detector is not None
    detector = open_session(pipeline.bundle.detector)
    # LFW's 250 x 250 pixels are padded to 256 x 256 before the detector.
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 3, 256, 256)).astype(np.float32)
    probes = pipeline.embed([sample.crop for _, sample in sampled])
    index = _filled_index(probes.shape[1])
    return {
        "bare detector": _times(lambda _: detector.run(None, {"input": pixels}), images),
        "bare embedder": _times(lambda blob: embedder.run(None, {"data": blob}), blobs),
        "decode": _times(lambda data: decode_image(data, _LIMITS), images),
        "detect": _times(pipeline.find, decoded),
        "align": _times(lambda pair: align_face(*pair), faces),
        "embed": _times(lambda pair: pipeline.embed([pair[1].crop]), sampled),
        f"search {GALLERY:,}": _times(lambda probe: index.search(probe[None], 5), list(probes)),
    }


def _filled_index(dimension: int) -> FlatIndex:
    vectors = np.random.default_rng(0).normal(size=(GALLERY, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = FlatIndex(dimension)
    index.put(np.arange(GALLERY), vectors)
    return index


def _times(run: Callable[[Item], object], items: list[Item]) -> Times:
    for item in items[:5]:
        run(item)
    taken = []
    for item in items * ROUNDS:
        started = time.perf_counter()
        run(item)
        taken.append((time.perf_counter() - started) * 1e3)
    return np.array(taken)


def _served(folder: Path, images: list[bytes]) -> dict[int, Load]:
    with tempfile.TemporaryDirectory() as data:
        server = ServerProcess(Path(data), folder.resolve(), KITH_LOG_LEVEL="WARNING").start()
        try:
            with server.client() as client:
                client.post("/collections", json={"id": "bench"}).raise_for_status()
                for i, image in enumerate(images[:50]):
                    fields = {"id": f"person-{i}"}
                    client.post("/collections/bench/persons", data=fields, files={"images": image})
            path = "/v1/collections/bench/identify"
            return {
                n: measure(server.url, path, images, clients=n, seconds=SECONDS) for n in CLIENTS
            }
        finally:
            server.kill()


def _steps_table(steps: dict[str, Times], bare: float) -> Table:
    table = Table("step", "p50 ms", "p99 ms", "of bare models", title="One core, one face")
    for name, times in steps.items():
        p50, p99 = np.percentile(times, [50, 99])
        table.add_row(name, f"{p50:.2f}", f"{p99:.2f}", f"{p50 / bare:.2f}")
    return table


def _loads_table(loads: dict[int, Load], bare: float) -> Table:
    cores = len(os.sched_getaffinity(0))
    ideal = cores * 1e3 / bare
    table = Table(
        "clients",
        "p50 ms",
        "p99 ms",
        "p50 / bare models",
        "requests/s",
        "of the models alone",
        title=f"Whole requests over HTTP; the models alone could do {ideal:.0f}/s on {cores} cores",
    )
    for clients, load in loads.items():
        p50, p99 = np.percentile(load.milliseconds, [50, 99])
        possible = min(clients, cores) * 1e3 / bare
        table.add_row(
            str(clients),
            f"{p50:.1f}",
            f"{p99:.1f}",
            f"{p50 / bare:.2f}",
            f"{load.per_second:.1f}",
            f"{load.per_second / possible:.0%}",
        )
    return table


if __name__ == "__main__":
    main()
