"""``python -m bench.scale``: what grows with the gallery, for docs/sizing.md.

For each number of people a real SQLite database with one random template a person; the service's
own feed, projection, index and snapshots read it, each start in a process of its own. Searches,
puts and removals are by one thread, and in CPU time too: other processes' work changes that least.

``KITH_BENCH_PEOPLE`` are the numbers, with commas between them; ``KITH_BENCH_PLOT`` is where the
plot goes. Five million people need 9 GB on disk and an hour.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import faiss
import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, insert

from app.core.db import Database
from app.gallery.models import Face, Person
from app.gallery.templates import TemplateFeed
from app.index.base import Vectors
from app.index.engines import new_index
from app.index.flat import FlatIndex
from app.replication.history import log_change
from app.replication.replica import CollectionReplica
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from app.server.memory import give_large_blocks_back
from bench.scale_draw import Started, draw
from bench.startup import CONTRACT, DIMENSION, face_rows, filled, person_row, timed
from migrations import upgrade

_PEOPLE: Final = "10000,100000,1000000"
_PLOT: Final = "data/scale.png"
_LARGE_FROM: Final = 50_000
_SEARCHES: Final = 300
_CHANGES: Final = 50
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_START: Final = "import sys; from bench.scale import start; start(*sys.argv[1:])"


def main() -> None:
    """Measure each size, print a table, and draw the plot."""
    sizes = [int(each) for each in os.environ.get("KITH_BENCH_PEOPLE", _PEOPLE).split(",")]
    table = Table(
        "people", "filled /s", "start SQL s", "snapshot s", "coding CPU s", "MiB", "peak MiB",
        "search p50", "p99", "CPU p50", "p99", "flat CPU", "put", "CPU", "remove", "CPU",
    )  # fmt: skip
    measured: dict[int, tuple[Started, Started]] = {}
    for people in sizes:
        rate, sql, kept = _measured(people)
        measured[people] = sql, kept
        few = sql.seconds, kept.seconds, kept.coding, kept.resident, sql.peak
        times = (
            kept.p50, kept.p99, kept.cpu, kept.cpu99, kept.flat,
            kept.put, kept.put_cpu, kept.removed, kept.removed_cpu,
        )  # fmt: skip
        numbers = [*(f"{each:.1f}" for each in few), *(f"{each:.2f}" for each in times)]
        table.add_row(f"{people:,}", f"{rate:,.0f}", *numbers)
        Console(width=150).print(table)
    draw(measured, Path(os.environ.get("KITH_BENCH_PLOT", _PLOT)))


def _measured(people: int) -> tuple[float, Started, Started]:
    """Persons filled a second, a start from SQL, and one from the snapshot that it left."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/kith.db")
        upgrade(database)
        _, seconds = timed(lambda: filled(database, people))
        database.close()
        first, second = _started(folder), _started(folder)
    return people / seconds, first, second


def _started(folder: str) -> Started:
    done = subprocess.run(
        [sys.executable, "-c", _START, folder], check=True, capture_output=True, text=True
    )
    return Started(**json.loads(done.stdout.splitlines()[-1]))


def start(folder: str) -> None:
    """Follow the gallery in ``folder``, measure, and print a line of JSON."""
    give_large_blocks_back()
    faiss.omp_set_num_threads(1)
    database = Database(f"sqlite:///{folder}/kith.db")
    feed = TemplateFeed(database, CONTRACT)
    (at,) = feed.positions()
    replicas = Replicas(
        feed,
        new_index(DIMENSION, large_from=_LARGE_FROM),
        Snapshots(Path(folder) / "index", CONTRACT),
    )
    before = _memory("VmRSS")
    replica = replicas.of(at.key, at.epoch)
    _, seconds = timed(lambda: replica.catch_up(at.revision))
    began = time.process_time()
    replicas.tend()
    coding = time.process_time() - began
    peak = _memory("VmHWM") - before
    probes = _probes()

    def search(row: int) -> None:
        replica.search(probes[row : row + 1], 5, revision=at.revision, now=_NOW)

    p50, p99, cpu50, cpu99 = (
        float(np.percentile(each, share))
        for each in _times(search, _SEARCHES)
        for share in (50, 99)
    )
    resident = _memory("VmRSS") - before
    replicas.keep()
    changes = _changes(database, replica, at.key)
    found = Started(
        seconds, coding, resident, peak,
        p50, p99, cpu50, cpu99, _flat(replica, at.revision, probes), *changes,
    )  # fmt: skip
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


def _changes(
    database: Database, replica: CollectionReplica, key: int
) -> tuple[float, float, float, float]:
    """Milliseconds, wall and CPU, until a person is put, committed and found, and until they are
    removed.
    """
    keys = iter(range(10**9, 10**9 + _CHANGES))

    def put(row: int) -> None:
        del row
        person = next(keys)
        with database.write() as session:
            session.execute(insert(Person), [person_row(person, key)])
            session.execute(insert(Face), list(face_rows(range(person, person + 1), key)))
            revision = log_change(session, key, [person])
        replica.catch_up(revision)

    def remove(row: int) -> None:
        person = 10**9 + row
        with database.write() as session:
            session.execute(delete(Face).where(Face.person_key == person))
            session.execute(delete(Person).where(Person.key == person))
            revision = log_change(session, key, [person])
        replica.catch_up(revision)

    medians = [float(np.median(each)) for act in (put, remove) for each in _times(act, _CHANGES)]
    return medians[0], medians[1], medians[2], medians[3]


def _flat(replica: CollectionReplica, revision: int, probes: Vectors) -> float:
    """CPU milliseconds of a search that compares everybody."""
    people = replica.everybody(revision=revision)
    index = FlatIndex(DIMENSION)
    index.put(people.owners, people.vectors)
    _, cpu = _times(lambda row: index.search(probes[row : row + 1], 5), _SEARCHES // 10)
    return float(np.median(cpu))


def _probes() -> Vectors:
    rows = np.random.default_rng(7).standard_normal((_SEARCHES, DIMENSION), np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _times(act: Callable[[int], object], runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each run, wall and CPU."""
    wall, cpu = [], []
    for run in range(runs):
        began, used = time.perf_counter(), time.process_time()
        act(run)
        wall.append((time.perf_counter() - began) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
    return wall, cpu


def _memory(what: str) -> float:
    """MiB of this process: resident now (``VmRSS``), or at most so far (``VmHWM``)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (each for each in lines if each.startswith(what))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
