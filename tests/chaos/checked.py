"""What ``kith check`` says of a database and the snapshots beside it."""

from pathlib import Path

from sqlalchemy import select

from app.core.db import Database
from app.gallery.models import Collection
from app.maintenance.check import Check
from app.maintenance.findings import Finding
from tests.support.fake_bundle import DIMENSION
from tests.support.services import unwatched


def odd(database: Database, index: Path) -> list[Finding]:
    """Whatever does not agree: nothing, it is hoped."""
    with database.read() as session:
        (contract_id,) = session.scalars(select(Collection.contract_id).distinct())
    check = Check(database, index, contract_id=contract_id, dimension=DIMENSION)
    return [finding for each in check.results(unwatched) for finding in each.first]
