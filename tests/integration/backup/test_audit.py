"""The audit goes where its database goes, and verifies there."""

from pathlib import Path

from sqlalchemy import select

from app.bootstrap import Container
from app.core.db import Database
from app.trail.anchors import anchors
from app.trail.models import Chain, Row
from app.trail.verification import faults
from migrations import upgrade
from tests.integration.backup.archives import backed_up, imported, restored
from tests.integration.backup.test_other_archives import both
from tests.support.databases import new_database


def actions(database: Database, collection: str) -> list[str]:
    """The actions in the chains of a collection."""
    query = select(Row.action).join(Chain, Chain.key == Row.chain_key).order_by(Row.key)
    with database.read() as session:
        assert list(faults(session)) == []
        return list(session.scalars(query.where(Chain.collection_id == collection)))


@both
def test_a_restored_audit_is_the_one_that_was_backed_up_and_says_so(
    service: Container, tmp_path: Path
) -> None:
    before = actions(service.database, "hq")
    with service.database.read() as session:
        known = [each for each in anchors(session) if each.seq > 1]
    backed_up(service.database, tmp_path / "kith.zip")
    restored(service.database, tmp_path / "kith.zip", replace=True)
    assert actions(service.database, "hq") == before
    with service.database.read() as session:
        assert list(faults(session, known)) == []
        newest = session.scalars(select(Row).order_by(Row.key.desc())).first()
    assert newest is not None
    assert newest.action == "database.restored"


@both
def test_an_import_goes_on_with_its_chain_where_that_is_not_here(
    service: Container, tmp_path: Path
) -> None:
    file = tmp_path / "hq.zip"
    backed_up(service.database, file, "hq")
    before = actions(service.database, "hq")
    (tmp_path / "other").mkdir()
    with new_database("sqlite", tmp_path / "other") as url:
        other = Database(url)
        upgrade(other)
        imported(other, file)
        assert actions(other, "hq") == [*before, "collection.imported"]
        other.close()
    imported(service.database, file, new_id="annex")
    assert actions(service.database, "annex") == ["collection.imported"]
    service.services.collections.delete("hq", force=True)
    imported(service.database, file)
    again = [*before, "collection.deleted", "collection.imported"]
    assert actions(service.database, "hq") == again
