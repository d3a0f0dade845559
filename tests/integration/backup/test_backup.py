"""A backup moves one database to another: all of it, one collection, or nothing at all."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from app.auth.principal import Scope
from app.auth.schemas import NewKey
from app.bootstrap import Container
from app.core.bulk import is_archived
from app.core.db import Database
from app.core.paging import Paging
from app.errors import AlreadyExists, Conflict, InvalidRequest, NotFound, NotReady
from app.gallery.models import (
    Face,
    Person,
)
from app.maintenance.archive import opened_archive
from app.maintenance.recorded import TRAIL
from app.maintenance.tables import carried, of_collection
from app.receipts.keeping import keep_nothing
from app.receipts.models import Receipt
from app.replication.reader import Found
from app.replication.replica import CollectionReplica
from app.settings import Settings
from tests.integration.backup.archives import (
    NOW,
    altered,
    answer,
    backed_up,
    everything_in,
    imported,
    positions,
    restored,
)
from tests.integration.backup.test_other_archives import both
from tests.support.databases import new_database
from tests.support.services import enrol, near, running, unwatched


def test_from_sqlite_to_postgresql_and_back_it_is_the_same(
    service: Container, settings: Settings, tmp_path: Path
) -> None:
    first = backed_up(service.database, tmp_path / "0.zip")
    asked = [("hq", 1), ("hq", 2), ("lab", 3), ("lab", 1)]
    answers = [answer(service, *each) for each in asked]
    assert [each["faces"][0]["decision"] for each in answers] == [  # type: ignore[index]
        *["identified"] * 3,
        "unknown",
    ]
    for number, kind in enumerate(("postgresql", "sqlite"), 1):
        (tmp_path / str(number)).mkdir()
        with ExitStack() as stack:
            url = stack.enter_context(new_database(kind, tmp_path / str(number)))
            moved = settings.model_copy(update={"database_url": url})
            database = Database(url)
            restored(database, tmp_path / f"{number - 1}.zip")
            again = backed_up(database, tmp_path / f"{number}.zip")
            database.close()
            container = stack.enter_context(running(moved, tmp_path / f"data-{number}"))
            assert [answer(container, *each) for each in asked] == answers
        assert again == first
    assert (tmp_path / "2.zip").read_bytes() == (tmp_path / "0.zip").read_bytes()


@both
def test_what_was_there_is_there_and_goes_on(
    service: Container, settings: Settings, tmp_path: Path
) -> None:
    keys = service.services.keys
    secret = keys.create(NewKey(scopes=[Scope.READ], collections=["hq"]), keep_nothing).key
    persons = service.services.persons
    ada, faces = (
        persons.get("hq", "ada"),
        persons.faces("hq", "ada", Paging(limit=100, after=0)).items,
    )
    before = positions(service.database)
    backed_up(service.database, tmp_path / "kith.zip")
    restored(service.database, tmp_path / "kith.zip", replace=True)
    assert persons.get("hq", "ada") == ada
    assert persons.faces("hq", "ada", Paging(limit=100, after=0)).items == faces
    assert keys.authenticate(secret).collections == frozenset({"hq"})
    after = positions(service.database)
    assert {key: each[1] for key, each in after.items()} == {k: v[1] for k, v in before.items()}
    assert all(after[key][0] != before[key][0] for key in before), "another epoch"
    assert all(since == revision for _, revision, since in after.values())
    enrol(service, "dee", 4, "hq")
    assert near(service, 4, "hq") == {"ada", "bob", "dee"}
    assert persons.faces("hq", "dee", Paging(limit=9, after=0)).items[0].id > max(
        face.id for face in faces
    )


@both
def test_a_database_that_is_not_empty_is_left_as_it_is(service: Container, tmp_path: Path) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    enrol(service, "eve", 5, "hq")
    before = everything_in(service.database)
    with pytest.raises(
        Conflict,
        match=r"collections 2, audit chains 3, persons 5, probe counts 3, probes 1, "
        r"audit rows 11, faces 5, feedback 1, crops 4, other templates 1\. --replace restores",
    ):
        restored(service.database, tmp_path / "kith.zip")
    assert everything_in(service.database) == before


@both
def test_in_place_of_what_was_there_a_running_service_follows_at_once(
    service: Container, tmp_path: Path
) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    with service.database.write() as session:
        session.add(Receipt(caller="c", key="k", fingerprint="", answer="", created_at=NOW))
    persons = service.services.persons
    enrol(service, "eve", 5, "hq")
    persons.delete("hq", "bob")
    assert near(service, 2, "hq") == {"ada", "eve"}
    restored(service.database, tmp_path / "kith.zip", replace=True)
    assert near(service, 2, "hq") == {"ada", "bob"}
    counts = everything_in(service.database)
    assert (counts["idempotency_receipts"], counts["changes"]) == (0, 0)


@both
def test_a_restore_in_the_midst_of_an_identification_names_nobody_of_elsewhere(
    service: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same keys are other people's then: what was found before the restore is not theirs."""

    def swap(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            rows[0]["id"], rows[1]["id"] = "elsewhere", "hq"

    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", swap, {"hq": "elsewhere", "lab": "hq"})
    search = CollectionReplica.search

    def search_and_restore(self: CollectionReplica, *args: Any, **options: Any) -> Found:  # noqa: ANN401
        found = search(self, *args, **options)
        monkeypatch.undo()
        restored(service.database, tmp_path / "kith.zip", replace=True)
        return found

    monkeypatch.setattr(CollectionReplica, "search", search_and_restore)
    with pytest.raises(NotReady, match="restored while this request ran; try again"):
        answer(service, "hq", 1)
    assert near(service, 1, "hq") == {"ada"}  # who was the lab's
    assert near(service, 1, "elsewhere") == {"ada", "bob"}


@both
def test_one_collection_moves_in_next_to_others(service: Container, tmp_path: Path) -> None:
    manifest = backed_up(service.database, tmp_path / "hq.zip", "hq")
    assert not manifest.whole
    assert set(manifest.tables) == {
        table.name for table in carried() if of_collection(table, 0) is not None
    }
    with pytest.raises(AlreadyExists, match="'hq' already"):
        imported(service.database, tmp_path / "hq.zip")
    enrol(service, "eve", 5, "lab")  # keys that the archive uses too
    there = imported(service.database, tmp_path / "hq.zip", new_id="annex")
    assert (there.id, there.persons, there.faces) == ("annex", 3, 3)
    persons = service.services.persons
    names = {"id", "collection_id"}
    old, new = persons.get("hq", "ada"), persons.get("annex", "ada")
    assert new.model_dump(exclude=names) == old.model_dump(exclude=names)
    assert near(service, 1, "annex") == near(service, 1, "hq") == {"ada", "bob"}
    assert near(service, 5, "lab") == {"ada", "eve"}
    again = backed_up(service.database, tmp_path / "annex.zip", "annex")
    assert unkeyed(tmp_path / "annex.zip") == unkeyed(tmp_path / "hq.zip")
    assert again.collections[0].revision == manifest.collections[0].revision
    with service.database.read() as session:
        owners = select(Person.collection_key).join(Face, Face.person_key == Person.key)
        assert (
            session.execute(owners.where(Person.collection_key != Face.collection_key)).all() == []
        )


def unkeyed(file: Path) -> dict[str, list[dict[str, object]]]:
    """A collection's rows without the keys and ids that a database gives."""
    found = {}
    with opened_archive(file, unwatched) as archive:
        for table in carried():
            if table.name in TRAIL:  # under another id it begins its own
                continue
            numbers = {column.name for column in table.primary_key} | {
                link.parent.name for link in table.foreign_keys
            }
            if table.name != "persons":
                numbers.add("id")  # chosen, or drawn again where it was taken
            rows = [row for batch in archive.batches(table.name) for row in batch]
            found[table.name] = [
                {name: value for name, value in row.items() if name not in numbers} for row in rows
            ]
    return found


@both
def test_one_collection_comes_back_out_of_a_backup_of_all(
    service: Container, tmp_path: Path
) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    collections = service.services.collections
    collections.delete("lab", force=True)
    with pytest.raises(InvalidRequest, match="--collection which one; the backup has hq, lab"):
        imported(service.database, tmp_path / "kith.zip")
    with pytest.raises(NotFound, match="no collection 'attic'; it has hq, lab"):
        imported(service.database, tmp_path / "kith.zip", "attic")
    with pytest.raises(InvalidRequest, match="'a b' is no id"):
        imported(service.database, tmp_path / "kith.zip", "lab", new_id="a b")
    assert imported(service.database, tmp_path / "kith.zip", "lab").persons == 1
    assert near(service, 3, "lab") == {"ada"}
    assert near(service, 1, "hq") == {"ada", "bob"}


def test_a_backup_of_one_collection_is_no_backup_of_all(service: Container, tmp_path: Path) -> None:
    backed_up(service.database, tmp_path / "hq.zip", "hq")
    with pytest.raises(InvalidRequest, match="of one collection alone; `kith import` adds it"):
        restored(service.database, tmp_path / "hq.zip", replace=True)
    with pytest.raises(NotFound, match="no collection 'attic'"):
        backed_up(service.database, tmp_path / "attic.zip", "attic")
    assert not (tmp_path / "attic.zip").exists()


_KILLED = """
import os, signal, sys
from pathlib import Path
from typing import Any
from app.core.db import Database
from app.maintenance import restore as room
from app.replication.reader import Found
from app.replication.replica import CollectionReplica
from app.maintenance.archive import opened_archive
from tests.support.services import unwatched

def die(session, table):
    if table.name == "faces":
        print(session.scalar(room.select(room.Collection.id)), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

room.advance_keys = die
with opened_archive(Path(sys.argv[2]), unwatched) as archive:
    room.restore(Database(sys.argv[1]), archive, replace=True, progress=unwatched)
"""


@both
def test_a_restore_that_is_killed_changes_nothing(service: Container, tmp_path: Path) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    enrol(service, "eve", 5, "hq")
    before = everything_in(service.database)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, service.settings.database, str(tmp_path / "kith.zip")],
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"hq\n"), done.stderr
    assert everything_in(service.database) == before
    assert near(service, 5, "hq") == {"ada", "bob", "eve"}


def test_no_row_of_a_collection_refers_to_what_does_not_move_with_it() -> None:
    def moves(table: Table) -> bool:
        return of_collection(table, 0) is not None and is_archived(table)

    assert [
        str(link.parent)
        for table in carried()
        if moves(table)
        for link in table.foreign_keys
        if not moves(link.column.table)
    ] == []
