"""Checks that must hold once a fault is over, of any kind."""

from pathlib import Path

from sqlalchemy import select

from app.core.db import Database
from app.gallery.models import Collection, Face, Person
from app.maintenance.check import Check
from app.maintenance.findings import Finding
from tests.chaos.load import Load
from tests.support.fake_bundle import contract_named
from tests.support.services import unwatched


def assert_exact(load: Load, database_url: str, index: Path) -> None:
    """The answers to all clients are the history of one gallery, which is the one that is there
    now; nobody is half enrolled, and ``kith check`` finds nothing odd.
    """
    load.look_at_everybody()
    assert load.wrong == []
    assert load.explained() == []
    database = Database(database_url)
    assert _half_enrolled(database) == []
    assert odd(database, index) == []
    database.close()


def odd(database: Database, index: Path) -> list[Finding]:
    """The findings of ``kith check``: none are expected."""
    return [finding for each in check(database, index).results(unwatched) for finding in each.first]


def check(database: Database, index: Path) -> Check:
    """``kith check`` of a database and its snapshots."""
    with database.read() as session:
        (contract_id,) = session.scalars(select(Collection.contract_id).distinct())
    return Check(database, index, contract_named(contract_id))


def _half_enrolled(database: Database) -> list[str]:
    """People without a face: each was enrolled with a photo, so none may be."""
    faceless = select(Person.id).where(Person.key.not_in(select(Face.person_key)))
    with database.read() as session:
        return list(session.scalars(faceless))
