"""``python -m bench.startup``: how soon a service with a large gallery is ready.

Random unit vectors in a real database (SQLite; ``KITH_DATABASE_URL`` names another), read by the
service's own feed, projection and index. ``KITH_BENCH_TEMPLATES`` says how many, one a person.
"""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import func, insert, select

from app.bundles.contract import Contract
from app.core.db import Database
from app.gallery.models import Collection, Face, Person
from app.gallery.templates import TemplateFeed
from app.index.flat import FlatIndex
from app.index.packing import pack
from app.replication.history import Position
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from migrations import upgrade

DIMENSION: Final = 128
CONTRACT: Final = Contract("bench", DIMENSION, "bench")
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CHUNK: Final = 10_000


def main() -> None:
    """Fill a database, then start from SQL and from a snapshot, and print how long each took."""
    templates = int(os.environ.get("KITH_BENCH_TEMPLATES", "1000000"))
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("KITH_DATABASE_URL", f"sqlite:///{folder}/kith.db")
        database = Database(url)
        upgrade(database)
        with database.read() as session:
            if session.scalar(select(func.count()).select_from(Collection)):
                sys.exit("this bench wants an empty database")
        key, epoch, revision = filled(database, templates)
        feed = TemplateFeed(database, CONTRACT)
        snapshots = Snapshots(Path(folder), CONTRACT)

        def start() -> Replicas:
            replicas = Replicas(feed, lambda: FlatIndex(DIMENSION), snapshots)
            replicas.of(key, epoch).catch_up(revision)
            return replicas

        replicas, from_sql = timed(start)
        _, keeping = timed(replicas.keep)
        replicas, from_snapshot = timed(start)
        table = Table("step", "seconds", title=f"{templates:,} templates, {database.engine.name}")
        table.add_row("ready from SQL", f"{from_sql:.1f}")
        table.add_row("snapshot written", f"{keeping:.1f}")
        table.add_row("ready from the snapshot", f"{from_snapshot:.1f}")
        size = snapshots.file(key).stat().st_size
        table.caption = f"{size / 2**20:.0f} MiB on disk"
        Console(width=100).print(table)
        database.close()


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    """The result of ``act``, and the seconds that it took."""
    started = time.perf_counter()
    result = act()
    return result, time.perf_counter() - started


def filled(database: Database, templates: int) -> tuple[int, str, int]:
    """One collection of ``templates`` persons with a template each: its key, epoch and revision."""
    collection = Collection(
        id="bench",
        target_fpir=0.001,
        target_fmr=1e-4,
        max_faces_per_person=20,
        attributes={},
        contract_id=CONTRACT.id,
        position=Position(revision=1, log_since=1),
        next_face=templates + 1,
        created_at=_NOW,
        updated_at=_NOW,
    )
    with database.write() as session:
        session.add(collection)
    for start in track(range(0, templates, _CHUNK), "Filling"):
        keys = range(start + 1, min(start + _CHUNK, templates) + 1)
        with database.write() as session:
            session.execute(insert(Person), [person_row(key, collection.key) for key in keys])
            session.execute(insert(Face), list(face_rows(keys, collection.key)))
    return collection.key, collection.epoch, collection.revision


def person_row(key: int, collection_key: int) -> dict[str, Any]:
    """The columns of a person of a collection."""
    return {
        "key": key,
        "collection_key": collection_key,
        "id": f"p{key}",
        "attributes": {},
        "created_at": _NOW,
        "updated_at": _NOW,
    }


def face_rows(keys: range, collection_key: int) -> Iterator[dict[str, Any]]:
    """The columns of one face of each person of ``keys``, with a random template."""
    rows = np.random.default_rng(keys.start).normal(size=(len(keys), DIMENSION))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for key, row in zip(keys, rows.astype(np.float32), strict=True):
        yield {
            "person_key": key,
            "number": key,
            "collection_key": collection_key,
            "contract_id": CONTRACT.id,
            "embedding": pack(row),
            "image_sha256": hashlib.sha256(str(key).encode()).hexdigest(),
            "box": {},
            "detection_score": 1.0,
            "quality": {},
            "created_at": _NOW,
        }


if __name__ == "__main__":
    main()
