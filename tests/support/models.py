"""Another model for a gallery: its templates next to those in use, and the switch to them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from app.bundles.bundle import Bundle
from app.bundles.manifest import read_manifest
from app.core.db import Base, Database
from app.inference.embedder import Embedder, OnnxEmbedder
from app.maintenance.check import Check
from app.maintenance.reembed import Prepared, Reembedding
from app.maintenance.switch import Switched, switch
from tests.support.services import unwatched


def reembedded(
    database: Database, bundle: Path, *names: str, embedder: Embedder | None = None
) -> list[Prepared]:
    """``kith reembed --model bundle``."""
    loaded = Bundle.load(bundle)
    by = embedder or OnnxEmbedder(loaded)
    return Reembedding(database, loaded.manifest, by, threads=1).run(names, unwatched)


def switched(database: Database, bundle: Path, collection: str = "doors") -> Switched:
    """``kith reembed --model bundle --switch``, of one collection."""
    now = datetime.now(UTC)
    return switch(database, collection, read_manifest(bundle).contract_id, now=now)


def rows(database: Database, table: type[Base]) -> int:
    """How many there are."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def odd(database: Database, bundle: Path, index: Path) -> Sequence[str]:
    """The findings of ``kith check``, with that bundle configured."""
    manifest = read_manifest(bundle)
    check = Check(database, index, manifest.contract)
    found = [finding for each in check.results(unwatched) for finding in each.first]
    return [f"{finding.where} {finding.what}" for finding in found]
