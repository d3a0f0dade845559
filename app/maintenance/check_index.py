"""Checks that the galleries on disk lead to the people that SQL has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from app.bundles.contract import Contract
from app.core.db import Database
from app.gallery.models import Collection
from app.gallery.templates import read_deltas
from app.index.flat import FlatIndex
from app.maintenance.findings import REPAIR, Finding
from app.replication.deltas import Delta, joined
from app.replication.projection import GalleryProjection
from app.replication.snapshot import SnapshotError, Snapshots, Superseded, snapshot_files

MISLEADING: Final = "leads to other people than SQL has"
_CLOSE: Final = 1e-4  # templates may be summed in another order


@dataclass(frozen=True, slots=True)
class _Kept:
    """The content of a file: people, at a ``revision`` in an ``epoch``."""

    epoch: str
    revision: int
    projection: GalleryProjection


class SnapshotCheck:
    """Checks and repairs the snapshots in ``folder`` that are of the configured model."""

    def __init__(self, database: Database, folder: Path, contract: Contract) -> None:
        self._database = database
        self._folder = folder
        self._contract = contract
        self._snapshots = Snapshots(folder, contract)

    def odd(self) -> dict[int, str]:
        """The files that no start could use, or that belong to no collection: the reason by
        collection key.

        ``ValueError`` where SQL has templates that are of no model's dimension.
        """
        wrong = {key: self._wrong(key) for key in snapshot_files(self._folder)}
        return {key: what for key, what in wrong.items() if what is not None}

    def findings(self) -> Iterator[Finding]:
        """One finding for each such file."""
        for key, what in self.odd().items():
            yield Finding(f"{self._snapshots.file(key).name}", what, REPAIR)

    def rewrite(self, keys: Iterable[int]) -> None:
        """Write the files of these collections again from SQL; without a collection, delete it."""
        for key in keys:
            self._snapshots.forget(key)
            with self._database.read(long_running=True) as session:
                if session.get(Collection, key) is None:
                    continue
                whole = joined(read_deltas(session, key, None, self._contract))
            self._snapshots.write(key, whole)

    def _wrong(self, key: int) -> str | None:
        """The reason why the file is wrong, or None. It is read first, so that SQL is then at its
        revision or a later one.
        """
        kept, damage = self._read(key)
        with self._database.read(long_running=True) as session:
            found = session.get(Collection, key)
            if found is None:
                return "belongs to no collection"
            if found.contract_id != self._contract.id:
                return None  # another model's: not read, and replaced once that model runs
            if kept is None:
                return damage
            if kept.epoch != found.epoch or kept.revision > found.revision:
                return "is of another history of its collection"
            return None if self._leads_to_sql(session, key, kept) else MISLEADING

    def _leads_to_sql(self, session: Session, key: int, kept: _Kept) -> bool:
        """Whether a replica that begins with the file has the people of SQL."""
        for delta in read_deltas(session, key, kept.revision, self._contract):
            if delta.whole:
                return True  # the log does not reach back: nothing of the file is used
            kept.projection.apply(delta)
        persons = 0
        for part in read_deltas(session, key, None, self._contract):
            if not _has(kept.projection, part):
                return False
            persons += len(part.people.owners)
        return persons == len(kept.projection)

    def _read(self, key: int) -> tuple[_Kept | None, str | None]:
        """The file's content, or what is wrong with it. Neither where it was deleted just now, or
        is superseded: a service that stops right after a switch or an upgrade leaves such a file.
        """
        dimension = self._contract.dimension
        kept, projection = None, GalleryProjection(FlatIndex(dimension), dimension)
        try:
            for part in self._snapshots.read(key):
                projection.apply(part)
                kept = _Kept(part.epoch, part.revision, projection)
        except Superseded:
            return None, None
        except SnapshotError as error:
            return None, f"cannot be used: {error}"
        return kept, None


def _has(projection: GalleryProjection, part: Delta) -> bool:
    """Whether the people of ``part`` are in the projection as they are there."""
    wanted, people = part.people, projection.there(part.people.owners)
    if not np.array_equal(people.owners, wanted.owners):
        return False
    starts, ends = projection.windows(people.owners)
    return (
        np.array_equal(people.templates, wanted.templates)
        and np.array_equal(starts, part.valid_from)
        and np.array_equal(ends, part.valid_until)
        and np.allclose(people.vectors, wanted.vectors, atol=_CLOSE)
    )
