"""Checks that the galleries on disk lead to the people that SQL has."""

from collections.abc import Iterable, Iterator
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
                whole = self._delta(session, key, None)
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
            followed = self._delta(session, key, kept.revision)
            whole = self._delta(session, key, None)
        return None if _leads_to(kept, followed, whole) else MISLEADING

    def _delta(self, session: Session, key: int, revision: int | None) -> Delta:
        found = joined(read_deltas(session, key, revision, self._contract))
        if found is None:
            raise LookupError(f"nothing was read of the collection with the key {key}")
        return found

    def _read(self, key: int) -> tuple[Delta | None, str | None]:
        """The file's content, or what is wrong with it. Neither where it was deleted just now, or
        is superseded: a service that stops right after a switch or an upgrade leaves such a file.
        """
        try:
            return joined(self._snapshots.read(key)), None
        except Superseded:
            return None, None
        except SnapshotError as error:
            return None, f"cannot be used: {error}"


def _leads_to(kept: Delta, followed: Delta, whole: Delta) -> bool:
    """Whether a replica that applies ``kept`` and then ``followed`` has the people of ``whole``."""
    dimension = whole.people.vectors.shape[1]
    projection = GalleryProjection(FlatIndex(dimension), dimension)
    if not followed.whole:
        projection.apply(kept)
    projection.apply(followed)
    people, wanted = projection.everybody(), whole.people
    if not np.array_equal(people.owners, wanted.owners):
        return False
    windows = zip(
        projection.windows(people.owners), (whole.valid_from, whole.valid_until), strict=True
    )
    return (
        np.array_equal(people.templates, wanted.templates)
        and all(np.array_equal(one, other) for one, other in windows)
        and np.allclose(people.vectors, wanted.vectors, atol=_CLOSE)
    )
