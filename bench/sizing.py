"""``python -m bench.sizing``: what people and pictures cost, for docs/sizing.md.

Needs no photographs of its own: the picture is the astronaut in the public domain who comes with
scikit-image, enlarged. Times are CPU time on one core: a busy machine changes them little.
"""

import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import faiss
import numpy as np
import skimage.data
from PIL import Image
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, select

from app.bundles.bundle import Bundle
from app.core.db import Database
from app.gallery.models import Face, Person
from app.gallery.templates import TemplateFeed
from app.index.large import LargeIndex
from app.inference.pipeline import Pipeline, build_pipeline
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from app.server.memory import give_large_blocks_back
from app.settings import SHIPPED
from app.vision.decode import ImageLimits, decode_image
from bench.startup import CONTRACT, DIMENSION, filled
from migrations import upgrade

PERSONS: Final = 50_000
FACES: Final = 3
SIZES: Final = ((640, 480), (1280, 960), (1920, 1080), (4000, 3000))
RUNS: Final = 9
_LIMITS: Final = ImageLimits(64 << 20, 40_000_000)
_READ: Final = "import sys; from bench.sizing import read; read(*sys.argv[1:])"
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    out = Console(width=100)
    out.print(_pictures())
    out.print(_people())


def _pictures() -> Table:
    table = Table("bundle", "picture", "decode", "find", "embed", "all", "times 640 x 480")
    table.title = "one picture with one face: CPU ms, median"
    for folder in (Path("data/models/face"), SHIPPED / "face-mini"):
        pipeline = build_pipeline(Bundle.load(folder))
        first = 0.0
        for size in SIZES:
            steps = _steps(pipeline, _jpeg(size))
            first = first or sum(steps)
            cells = [f"{ms:.1f}" for ms in (*steps, sum(steps))]
            table.add_row(folder.name, "{} x {}".format(*size), *cells, f"{sum(steps) / first:.1f}")
    return table


def _steps(pipeline: Pipeline, data: bytes) -> tuple[float, float, float]:
    """CPU milliseconds of decoding, of finding and aligning, of embedding."""
    image = decode_image(data, _LIMITS)
    crops = [pipeline.find(image)[0].crop]
    return (
        _cpu(lambda: decode_image(data, _LIMITS)),
        _cpu(lambda: pipeline.find(image)),
        _cpu(lambda: pipeline.embed(crops)),
    )


def _cpu(act: Callable[[], object]) -> float:
    act()
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        act()
        times.append((time.process_time() - began) * 1e3)
    return statistics.median(times)


def _jpeg(size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize(size).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def _people() -> Table:
    table = Table("persons", "faces", "memory", "database", "snapshot", "search, CPU ms")
    table.title = "a gallery, one replica"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/kith.db")
        upgrade(database)
        filled(database, PERSONS)
        table.add_row(*_read(folder, PERSONS, PERSONS))
        _more_faces(database)
        table.add_row(*_read(folder, PERSONS, PERSONS * FACES))
        database.close()
    return table


def _more_faces(database: Database) -> None:
    """Each person's template again, as two more faces."""
    with database.write() as session:
        rows = session.scalars(select(Face)).all()
        numbers = count(1 + max(row.number for row in rows))
        for copy in range(1, FACES):
            session.execute(
                insert(Face),
                [
                    {
                        "person_key": row.person_key,
                        "number": next(numbers),
                        "collection_key": row.collection_key,
                        "contract_id": CONTRACT.id,
                        "embedding": row.embedding,
                        "image_sha256": f"x{copy}{row.image_sha256[2:]}",
                        "box": {},
                        "detection_score": 1.0,
                        "quality": {},
                        "created_at": _NOW,
                    }
                    for row in rows
                ],
            )


def _read(folder: str, persons: int, faces: int) -> list[str]:
    """In a process of its own, whose memory nothing else has grown."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, folder], check=True, capture_output=True, text=True
    )
    mib, kept, milliseconds = done.stdout.splitlines()[-1].split()
    on_disk = sum(file.stat().st_size for file in Path(folder).glob("kith.db*")) / 2**20
    sizes = [f"{mib} MiB", f"{on_disk:.0f} MiB", f"{kept} MiB"]
    return [f"{persons:,}", f"{faces:,}", *sizes, milliseconds]


def read(folder: str) -> None:
    """Follow the gallery; print the MiB that it takes and the CPU milliseconds of a search."""
    give_large_blocks_back()
    faiss.omp_set_num_threads(1)  # several would be counted while they wait for each other
    database = Database(f"sqlite:///{folder}/kith.db")
    with database.read() as session:
        session.execute(select(Person.key).limit(1)).all()
    feed = TemplateFeed(database, CONTRACT)
    there = Path(tempfile.mkdtemp(dir=folder))
    snapshots = Snapshots(there, CONTRACT)
    before = _resident()
    replicas = Replicas(feed, lambda: LargeIndex(DIMENSION, large_from=PERSONS), snapshots)
    (at,) = feed.positions()
    replica = replicas.of(at.key, at.epoch)
    replica.catch_up(at.revision)
    replicas.tend()
    taken = _resident() - before
    replicas.keep()
    probe = np.full((1, DIMENSION), DIMENSION**-0.5, np.float32)
    search = _cpu(lambda: replica.search(probe, 5, revision=at.revision, now=_NOW))
    kept = snapshots.file(at.key).stat().st_size / 2**20
    sys.stdout.write(f"{taken:.0f} {kept:.0f} {search:.1f}\n")


def _resident() -> float:
    """MiB of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (each for each in lines if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
