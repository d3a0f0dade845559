"""``python -m bench.frames``: what frames of cameras cost over HTTP, against the bare models.

Needs photographs: ``KITH_TEST_DATA`` names the folder. Faces of Labeled Faces in the Wild are put
into frames with a blurred ground and a sensor's noise. A real server is asked by one client; its
CPU time is what its process used. Bare are the detector at a longer side of 640 pixels (250 of a
photograph of LFW) and the embedder once for each face, on one core, before and after each row; a
request that is alone may use a second one.

Then four clients ask with photographs of LFW, against the bare models run by as many threads as
there are cores.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from rich.console import Console
from rich.table import Table

from app.bundles.bundle import Bundle
from app.inference.pipeline import Pipeline, build_pipeline
from bench.composed import KINDS, Kind, frame_of, portraits_in
from bench.load import measure, used_by
from tests.support.server import ServerProcess

_FRAMES: Final = 6
"""Pictures of each row."""
_SECONDS: Final = 4.0
_BARE_RUNS: Final = 15
_STRIDE: Final = 32
_PATH: Final = "/v1/collections/bench/identify"
_CLIENTS: Final = 4
_BARS: Final = {
    ("LFW 250 x 250", 24): (1.35, 1.2),
    ("1920 x 1080", 60): (1.6, 1.25),
    ("1920 x 1080", 24): (2.4, 1.8),
    ("4000 x 3000", 120): (2.5, 1.8),
}
"""p50 over bare for one face, by picture and min_face_size: the bound, and the aim."""
_SHARE: Final = (0.8, 0.9)
"""The share of the bare models' faces a second on all cores: the bound, and the aim."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of one core, and of the clock."""

    cpu: float
    wall: float


def main() -> None:
    """Measure and print."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("make bench-frames needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    folder = Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face"))
    pipeline = build_pipeline(Bundle.load(folder))
    portraits = portraits_in(pipeline, Path(named) / "lfw-devtrain")
    with tempfile.TemporaryDirectory() as data:
        server = ServerProcess(Path(data), folder.resolve(), KITH_LOG_LEVEL="WARNING").start()
        try:
            Console(width=110).print(_table(pipeline, server, portraits))
            Console(width=110).print(_throughput(pipeline, server, portraits))
        finally:
            server.kill()


def _table(pipeline: Pipeline, server: ServerProcess, portraits: Iterator[bytes]) -> Table:
    table = Table(
        *("picture", "KiB", "faces", "min_face_size"),
        *("bare", "CPU", "p50", "CPU / bare", "p50 / bare", "must, aim"),
    )
    table.title = "identify over HTTP, one client; milliseconds"
    with server.client() as client:
        client.post("/collections", json={"id": "bench"}).raise_for_status()
        client.post(
            "/collections/bench/persons", data={"id": "somebody"}, files={"images": next(portraits)}
        ).raise_for_status()
    rng = np.random.default_rng(17)
    for kind in KINDS:
        images = [frame_of(pipeline, kind, portraits, rng) for _ in range(_FRAMES)]
        for least in kind.least:
            before = _bare(pipeline, kind)
            cost = _served(server, images, least)
            after = _bare(pipeline, kind)
            bare = Cost((before.cpu + after.cpu) / 2, (before.wall + after.wall) / 2)
            table.add_row(
                kind.name,
                f"{statistics.mean(map(len, images)) / 1024:.0f}",
                str(max(1, len(kind.sizes))),
                str(least),
                f"{bare.cpu:.1f}",
                f"{cost.cpu:.1f}",
                f"{cost.wall:.1f}",
                f"{cost.cpu / bare.cpu:.2f}",
                f"{cost.wall / bare.wall:.2f}",
                _bars(kind, least),
            )
    return table


def _bars(kind: Kind, least: int) -> str:
    must, aim = _BARS.get((kind.name, least), (None, None))
    return "" if must is None or len(kind.sizes) > 1 else f"{must}, {aim}"


def _throughput(pipeline: Pipeline, server: ServerProcess, portraits: Iterator[bytes]) -> str:
    images = [next(portraits) for _ in range(_FRAMES)]
    before = _bare_rate(pipeline)
    load = measure(server.url, _PATH, images, clients=_CLIENTS, seconds=2 * _SECONDS)
    bare = (before + _bare_rate(pipeline)) / 2
    must, aim = _SHARE
    return (
        f"LFW, {_CLIENTS} clients: {load.per_second:.1f} a second; the models alone: {bare:.1f}; "
        f"{load.per_second / bare:.0%} (must {must:.0%}, aim {aim:.0%})"
    )


def _bare_rate(pipeline: Pipeline) -> float:
    """Faces of LFW a second that the models alone find and embed on all cores."""
    cores, done = os.cpu_count() or 1, list[int]()
    until = time.perf_counter() + _SECONDS

    def work(runs: list[Callable[[], object]]) -> None:
        while time.perf_counter() < until:
            for run in runs:
                run()
            done.append(1)

    threads = [
        threading.Thread(target=work, args=(_runs(pipeline, KINDS[0]),)) for _ in range(cores)
    ]
    started = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return len(done) / (time.perf_counter() - started)


def _bare(pipeline: Pipeline, kind: Kind) -> Cost:
    """The detector once and the embedder for each face."""
    found, named = map(_cost, _runs(pipeline, kind))
    faces = max(1, len(kind.sizes))
    return Cost(found.cpu + faces * named.cpu, found.wall + faces * named.wall)


def _runs(pipeline: Pipeline, kind: Kind) -> list[Callable[[], object]]:
    """A run of the detector and one of the embedder, each on the calling thread alone."""
    assert pipeline.bundle.detector is not None
    scale = min(1.0, 640 / max(kind.width, kind.height))
    height, width = (
        -(-round(side * scale) // _STRIDE) * _STRIDE for side in (kind.height, kind.width)
    )
    how = pipeline.bundle.manifest.preprocessing.build()
    return [
        _run(pipeline.bundle.detector, (1, 3, height, width)),
        _run(pipeline.bundle.embedder, (1, how.depth, how.height, how.width)),
    ]


def _run(model: Path, shape: tuple[int, ...]) -> Callable[[], object]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    feed = {session.get_inputs()[0].name: pixels}
    return lambda: session.run(None, feed)


def _cost(act: Callable[[], object]) -> Cost:
    """Medians."""
    act()
    taken = []
    for _ in range(_BARE_RUNS):
        cpu, wall = time.process_time(), time.perf_counter()
        act()
        taken.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*taken, strict=True)
    return Cost(statistics.median(cpus) * 1e3, statistics.median(walls) * 1e3)


def _served(server: ServerProcess, images: list[bytes], least: int) -> Cost:
    fields = {"min_face_size": str(least)}
    measure(server.url, _PATH, images, clients=1, seconds=1.0, fields=fields)
    before = used_by(server.pid)
    load = measure(server.url, _PATH, images, clients=1, seconds=_SECONDS, fields=fields)
    used = used_by(server.pid) - before
    return Cost(used / len(load.milliseconds) * 1e3, float(np.median(load.milliseconds)))


if __name__ == "__main__":
    main()
