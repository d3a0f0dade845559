"""What one database held, another holds: all of it, or one collection, or nothing at all."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from app.auth.principal import Scope
from app.auth.schemas import NewKey
from app.bootstrap import Container
from app.core.bulk import is_archived
from app.core.db import Base, Database
from app.core.paging import Paging
from app.errors import AlreadyExists, ArchiveError, Conflict, InvalidRequest, NotFound, NotReady
from app.feedback.models import Feedback, Probe, ProbeCounts
from app.gallery.enrolment import ImageFile
from app.gallery.models import (
    Collection,
    Face,
    OtherTemplate,
    Person,
)
from app.gallery.schemas import NewPerson
from app.maintenance.archive import new_archive, opened_archive
from app.maintenance.backup import backup
from app.maintenance.manifest import CollectionEntry, Contents, Manifest
from app.maintenance.restore import import_collection, restore
from app.maintenance.tables import carried, of_collection
from app.receipts.keeping import keep_nothing
from app.receipts.models import Receipt
from app.recognition import render
from app.recognition.schemas.identification import IdentifyOptions
from app.replication.reader import Found
from app.replication.replica import CollectionReplica
from app.settings import Settings
from migrations import upgrade
from tests.support.databases import new_database
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, near, running, unwatched

NOW = datetime(2026, 5, 4, 12, 30, 1, 234567, tzinfo=UTC)
both = pytest.mark.both_databases


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Container]:
    """Two collections: ``hq`` keeps crops and has Ada with two photos and all that can be said of
    her, Bob, and Cid without a photo; ``lab`` has another Ada. Somebody was removed, so that keys
    have a hole.
    """
    with running(settings, tmp_path / "a") as container:
        make_collection(container, "hq", keep_crops=True)
        make_collection(container, "lab")
        persons = container.services.persons
        ada = NewPerson(
            id="ada",
            name="Åda \N{GRINNING FACE}",
            external_id="hr-1",
            metadata={"z": [1, None, 0.1], "a": {"b": True}},
            valid_from=NOW,
            valid_until=NOW + timedelta(days=365_000),
        )
        enrol(container, "gone", 9, "hq")
        photos = [ImageFile(None, picture(1, shake)) for shake in (0, 1)]
        persons.create("hq", ada, photos, keep_nothing)
        enrol(container, "bob", 2, "hq")
        persons.create("hq", NewPerson(id="cid"), [], keep_nothing)
        enrol(container, "ada", 3, "lab")
        persons.delete("hq", "gone")
        _tell_of_ada(container.database)
        yield container


def _tell_of_ada(database: Database) -> None:
    """An operator's word on a probe, and a probe of nobody, as the service keeps them."""
    with database.write() as session:
        ada = session.scalars(select(Person).where(Person.external_id == "hr-1")).one()
        face = session.scalars(select(Face).where(Face.person_key == ada.key)).first()
        assert face is not None
        seen = {
            "collection_key": ada.collection_key,
            "embedding": face.embedding,
            "source": "door 1",
            "created_at": NOW,
        }
        session.add(Probe(id="prb-1", **seen))
        session.add(
            OtherTemplate(face_id=face.id, contract_id="another", embedding=face.embedding[:64])
        )
        session.add(
            ProbeCounts(
                collection_key=ada.collection_key,
                contract_id="another",
                probes=7,
                expected_false_positives=0.5,
            )
        )
        session.add(
            Feedback(
                id="fb-1",
                person_key=ada.key,
                verdict="them",
                counted=False,
                probe_sha256="0",
                similarity=1.0,
                threshold=0.5,
                revision=1,
                contract_id=face.contract_id,
                **seen,
            )
        )


def backed_up(database: Database, file: Path, collection: str | None = None) -> Manifest:
    return backup(database, file, collection_id=collection, made_at=NOW, progress=unwatched)


def restored(database: Database, file: Path, *, replace: bool = False) -> None:
    upgrade(database)
    with opened_archive(file, unwatched) as archive:
        restore(database, archive, replace=replace, progress=unwatched)


def imported(
    database: Database, file: Path, collection: str | None = None, *, new_id: str | None = None
) -> CollectionEntry:
    with opened_archive(file, unwatched) as archive:
        return import_collection(
            database, archive, collection_id=collection, new_id=new_id, progress=unwatched
        )


def answer(container: Container, collection: str, somebody: int) -> dict[str, object]:
    """All of an identification's answer but how long it took."""
    recognition = container.services.identification
    found = recognition.identify(collection, picture(somebody), IdentifyOptions(), request_id="r")
    return render.identification(found).model_dump(exclude={"timings_ms"})


def everything_in(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            table.name: len(session.execute(select(table)).all())
            for table in Base.metadata.sorted_tables
        }


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


def positions(database: Database) -> dict[str, tuple[str, int, int]]:
    with database.read() as session:
        rows = session.scalars(select(Collection)).all()
        return {row.id: (row.epoch, row.revision, row.position.log_since) for row in rows}


@both
def test_a_database_that_is_not_empty_is_left_as_it_is(service: Container, tmp_path: Path) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    enrol(service, "eve", 5, "hq")
    before = everything_in(service.database)
    with pytest.raises(
        Conflict,
        match=r"collections 2, persons 5, probe counts 3, probes 1, faces 5, feedback 1, "
        r"crops 4, other templates 1\. --replace restores",
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
def test_one_collection_moves_in_beside_others(service: Container, tmp_path: Path) -> None:
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
            numbers = {column.name for column in table.primary_key} | {
                link.parent.name for link in table.foreign_keys
            }
            if table.name != "persons":
                numbers.add("id")  # chosen, or drawn anew where it was taken
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
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"hq\n"), done.stderr
    assert everything_in(service.database) == before
    assert near(service, 5, "hq") == {"ada", "bob", "eve"}


def altered(
    file: Path,
    alter: Callable[[str, list[str], list[dict[str, object]]], None],
    names: Mapping[str, str] | None = None,
    tables: Mapping[str, str] | None = None,
) -> Path:
    """The archive with its tables changed, sealed as if it had been made so; ``names`` of
    collections in its manifest by those that they had, and of ``tables``.
    """
    with opened_archive(file, unwatched) as archive:
        manifest = archive.manifest
        there = {
            name: (entry.columns, [row for batch in archive.batches(name) for row in batch])
            for name, entry in manifest.tables.items()
        }
    with new_archive(file) as writer:
        for name, (columns, rows) in there.items():
            alter(name, columns, rows)
            writer.table((tables or {}).get(name, name), columns, [rows])
        for entry in manifest.collections:
            entry.id = (names or {}).get(entry.id, entry.id)
        writer.finish(Contents(**manifest.model_dump(exclude={"format", "tables"})))
    return file


KEY_COLUMNS = ["collection_keys", "expires_at", "last_used_at", "rate", "cursor_secret"]


def without(table: str, column: str) -> Callable[[str, list[str], list[dict[str, object]]], None]:
    def alter(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == table:
            columns.remove(column)
            for row in rows:
                del row[column]

    return alter


def test_an_older_archive_gets_defaults_and_lacks_nothing_that_is_needed(
    service: Container, tmp_path: Path
) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", without("persons", "external_id"))
    altered(tmp_path / "kith.zip", without("collections", "lookalikes"))
    restored(service.database, tmp_path / "kith.zip", replace=True)
    collections = service.services.collections
    assert collections.get("hq").lookalikes == "warn"
    persons = service.services.persons
    assert persons.get("hq", "ada").external_id is None
    altered(tmp_path / "kith.zip", without("faces", "contract_id"))
    with pytest.raises(ArchiveError, match=r"lacks faces\.contract_id"):
        restored(service.database, tmp_path / "kith.zip", replace=True)


def test_an_archive_of_before_schema_0010_goes_on_at_its_revisions(
    service: Container, tmp_path: Path
) -> None:
    """There a collection's revision was a column of its row; the manifest always stated it too."""

    def as_before(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            columns.append("revision")
            for row in rows:
                row["revision"] = revisions[row["id"]]

    def unstated(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            rows.append(rows[0] | {"key": 99, "id": "unstated"})

    revisions: dict[object, int] = {key: at[1] for key, at in positions(service.database).items()}
    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", as_before)
    restored(service.database, tmp_path / "kith.zip", replace=True)
    after = positions(service.database)
    assert {key: at[1] for key, at in after.items()} == revisions
    assert 0 not in revisions.values()
    altered(tmp_path / "kith.zip", unstated)
    with pytest.raises(ArchiveError, match="'unstated' that it does not state"):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert positions(service.database) == after


def test_an_archive_of_before_schema_0011_keeps_its_counts(
    service: Container, tmp_path: Path
) -> None:
    """There the counts of a collection's contract were columns of its row, and those of contracts
    that it had before were a table.
    """
    with service.database.write() as session:
        hq = session.scalars(select(Collection).where(Collection.id == "hq")).one()
        counts = session.get_one(ProbeCounts, (hq.key, hq.contract_id))
        counts.probes, counts.expected_false_positives, counts.false_positives = 5, 0.25, 1
    before = probe_counts(service.database)
    assert sorted(before.values()) == [(0, 0.0, 0), (5, 0.25, 1), (7, 0.5, 0)]
    backed_up(service.database, tmp_path / "kith.zip")
    names = ("probes", "expected_false_positives", "false_positives")

    def as_before(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            columns.extend(names)
            for row in rows:
                own.append((row["key"], row["contract_id"]))
                row.update(zip(names, before[row["key"], row["contract_id"]], strict=True))
        if name == "probe_counts":
            columns.remove("false_positives")
            rows[:] = [
                row for row in rows if (row["collection_key"], row["contract_id"]) not in own
            ]
            for row in rows:
                del row["false_positives"]

    own: list[tuple[object, object]] = []
    altered(tmp_path / "kith.zip", as_before, tables={"probe_counts": "former_counts"})
    restored(service.database, tmp_path / "kith.zip", replace=True)
    assert probe_counts(service.database) == before
    imported(service.database, tmp_path / "kith.zip", "hq", new_id="hq-2")
    after = probe_counts(service.database)
    assert sorted(after.values()) == [(0, 0.0, 0), *[(5, 0.25, 1)] * 2, *[(7, 0.5, 0)] * 2]


def probe_counts(database: Database) -> dict[tuple[object, object], tuple[int, float, int]]:
    with database.read() as session:
        return {
            (row.collection_key, row.contract_id): (
                row.probes,
                row.expected_false_positives,
                row.false_positives,
            )
            for row in session.scalars(select(ProbeCounts))
        }


@both
def test_keys_of_a_backup_that_knew_collections_by_id_are_bound_to_those_of_the_backup(
    service: Container, tmp_path: Path
) -> None:
    """As the Kith of schema 0006 wrote them, without all that keys have had since."""

    def as_before(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        since = {"api_keys": KEY_COLUMNS, "collections": ["show_candidates"]}.get(name, [])
        for column in since:
            without(name, column)(name, columns, rows)

    keys = service.services.keys
    bound = keys.create(NewKey(scopes=[Scope.READ], collections=["lab"]), keep_nothing).key
    unbound = keys.create(NewKey(scopes=[Scope.ADMIN]), keep_nothing).key
    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", as_before)
    collections = service.services.collections
    collections.delete("lab", force=True)
    make_collection(service, "lab")  # under another internal key
    assert keys.authenticate(bound).collections == frozenset()
    restored(service.database, tmp_path / "kith.zip", replace=True)
    caller = keys.authenticate(bound)
    assert caller.collections == frozenset({"lab"})
    assert (caller.expires_at, caller.rate) == (None, None)
    assert keys.authenticate(unbound).collections is None
    assert len(caller.cursor_secret) == 32
    assert caller.cursor_secret != keys.authenticate(unbound).cursor_secret
    collections.delete("lab", force=True)
    make_collection(service, "lab")
    assert keys.authenticate(bound).collections == frozenset()


def test_what_a_newer_kith_kept_is_not_dropped_in_silence(
    service: Container, tmp_path: Path
) -> None:
    def add(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "persons":
            columns.append("iris")

    backed_up(service.database, tmp_path / "kith.zip")
    before = everything_in(service.database)
    altered(tmp_path / "kith.zip", add)
    with pytest.raises(ArchiveError, match=r"made by Kith .*, schema 0.*, has persons\.iris"):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database) == before


def test_an_archive_that_lost_a_row_is_noticed_and_nothing_changes(
    service: Container, tmp_path: Path
) -> None:
    def lose(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "faces":
            rows.pop()

    backed_up(service.database, tmp_path / "kith.zip")
    before = everything_in(service.database)
    altered(tmp_path / "kith.zip", lose)
    with pytest.raises(
        ArchiveError, match="states 1 persons and 1 faces of 'lab', but holds 1 and"
    ):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database) == before


@both
def test_an_archive_whose_rows_contradict_each_other_changes_nothing(
    service: Container, tmp_path: Path
) -> None:
    def lose(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "persons":
            rows.pop()

    backed_up(service.database, tmp_path / "kith.zip")
    before = everything_in(service.database)
    altered(tmp_path / "kith.zip", lose)
    with pytest.raises(ArchiveError, match="rows contradict each other"):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database) == before


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
