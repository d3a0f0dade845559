"""The numbers that clients know faces by outlive upgrades, backups and repairs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.bootstrap import Container
from app.core.clock import SystemClock
from app.core.db import Database
from app.gallery.enrolment import ImageFile
from app.gallery.evaluation import gallery_of_collection
from app.gallery.models import Collection, Crop, Face
from app.maintenance.archive import opened_archive
from app.maintenance.backup import backup
from app.maintenance.check import Check
from app.maintenance.restore import import_collection, restore
from app.receipts.keeping import keep_nothing
from app.settings import Settings
from migrations import downgrade, upgrade
from tests.integration.backup.archives import NOW, altered, without
from tests.support.fake_bundle import contract_named
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, running, unwatched

pytestmark = pytest.mark.both_databases

SINCE_0009 = {"faces": "number", "collections": "next_face"}


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Container]:
    """The lab's faces come between those at the doors; the last at the doors was removed."""
    with running(settings, tmp_path / "data") as container:
        make_collection(container, "doors")
        make_collection(container, "lab")
        for person, somebody, collection in (
            ("ada", 1, "doors"),
            ("zoe", 5, "lab"),
            ("bob", 2, "doors"),
            ("yan", 6, "lab"),
            ("cid", 3, "doors"),
        ):
            enrol(container, person, somebody, collection)
        persons = container.services.persons
        persons.delete("doors", "cid")
        yield container


def numbers(database: Database) -> dict[str, tuple[list[int], int]]:
    """By collection the numbers of its faces, and that of the next."""
    with database.read() as session:
        return {
            row.id: (
                list(
                    session.scalars(
                        sa.select(Face.number)
                        .where(Face.collection_key == row.key)
                        .order_by(Face.id)
                    )
                ),
                row.next_face,
            )
            for row in session.scalars(sa.select(Collection))
        }


@pytest.mark.parametrize("before", ["0006", "0008"])
def test_an_upgrade_changes_no_number_that_a_client_knows(
    empty_database_url: str, before: str
) -> None:
    database = Database(empty_database_url)
    upgrade(database, before)
    _fill(database, {"doors": [4, 7], "lab": [9], "attic": []})
    upgrade(database)
    expected = {"doors": ([4, 7], 8), "lab": ([9], 10), "attic": ([], 1)}
    assert numbers(database) == expected
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(sa.update(Face).where(Face.number == 4).values(number=7))
    downgrade(database, before)
    upgrade(database)
    assert numbers(database) == expected
    database.close()


def _fill(database: Database, galleries: Mapping[str, list[int]]) -> None:
    """Fill a database like a Kith before schema 0009: a person with faces of these ids in each
    collection."""
    tables = sa.MetaData()
    tables.reflect(database.engine, only=["collections", "persons", "faces"])
    with database.migration() as connection:

        def add(table: str, **values: object) -> None:
            connection.execute(sa.insert(tables.tables[table]).values(values))

        times = {"created_at": NOW, "updated_at": NOW}
        policy = {"target_fpir": 0.001, "target_fmr": 1e-4, "max_faces_per_person": 20}
        state = {"revision": 0, "log_since": 0, "contract_id": "c", "metadata": {}}
        for key, (name, faces) in enumerate(galleries.items(), 1):
            add("collections", key=key, id=name, epoch=name, **policy, **state, **times)
            add("persons", key=key, collection_key=key, id="ada", metadata={}, **times)
            for face in faces:
                add(
                    "faces",
                    id=face,
                    person_key=key,
                    collection_key=key,
                    contract_id="c",
                    embedding=b"",
                    image_sha256=str(face),
                    box={},
                    detection_score=1.0,
                    quality={},
                    created_at=NOW,
                )


def test_a_backup_keeps_numbers_and_counters(service: Container, tmp_path: Path) -> None:
    file = tmp_path / "kith.zip"
    expected = {"doors": ([1, 2], 4), "lab": ([1, 2], 3)}
    assert numbers(service.database) == expected
    _back_up(service.database, file)
    _restore(service.database, file)
    assert numbers(service.database) == expected
    _import(service.database, file, "doors", "annex")
    assert numbers(service.database) == expected | {"annex": ([1, 2], 4)}
    enrol(service, "dee", 4, "annex")
    assert numbers(service.database)["annex"] == ([1, 2, 4], 5)


def test_an_archive_without_numbers_keeps_the_ids_that_clients_knew(
    service: Container, tmp_path: Path
) -> None:
    file = tmp_path / "kith.zip"

    def as_before(table: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if table in SINCE_0009:
            without(table, SINCE_0009[table])(table, columns, rows)

    _back_up(service.database, file)
    altered(file, as_before)
    _restore(service.database, file)
    expected = {"doors": ([1, 3], 4), "lab": ([2, 4], 5)}
    assert numbers(service.database) == expected
    _import(service.database, file, "lab", "annex")
    assert numbers(service.database) == expected | {"annex": ([2, 4], 5)}
    enrol(service, "dee", 4, "annex")
    assert numbers(service.database)["annex"] == ([2, 4, 5], 6)


def test_a_number_that_a_counter_would_give_again_is_found_and_mended(
    service: Container, tmp_path: Path
) -> None:
    """And a face that was kept in another collection than its person gets a number there."""
    with service.database.write() as session:
        doors = session.scalars(sa.select(Collection).where(Collection.id == "doors")).one()
        contract_id = doors.contract_id
        doors.next_face = 2
        faces = session.scalars(sa.select(Face).order_by(Face.id)).all()
        faces[1].number = 0  # Zoe's
        session.flush()
        faces[3].collection_key, faces[3].number = doors.key, 7  # Yan's, who is in the lab
    folder = tmp_path / "data" / "index"
    check = Check(service.database, folder, contract_named(contract_id))
    found = [
        f"{it.where} {it.what}: {it.remedy}"
        for each in check.results(unwatched)
        for it in each.first
        if each.name in ("face numbers", "faces with their persons")
    ]
    assert found == [
        "face 7 of person yan is kept in another collection: --repair",
        "collection doors would number its next face 2; it has a face 7: --repair",
        "lab: person zoe, face 0 has a number below 1: --repair",
    ]
    check.repair(unwatched)
    assert [each.found for each in check.results(unwatched)] == [0] * 10
    assert numbers(service.database) == {"doors": ([1, 2], 8), "lab": ([3, 4], 5)}
    enrol(service, "dee", 4, "doors")
    assert numbers(service.database)["doors"] == ([1, 2, 8], 9)


def test_operators_read_the_numbers_that_clients_know(service: Container, tmp_path: Path) -> None:
    """Yan's are the lab's second and third face, and the database's fourth and sixth."""
    persons = service.services.persons
    persons.add_faces("lab", "yan", [ImageFile(None, picture(6, 1))], keep_nothing)
    with service.database.write() as session:
        contract_id = session.scalars(sa.select(Collection.contract_id)).first() or ""
        session.add(Crop(face_id=6, crop_id="c", png=b"\x89PNG"))
    evaluated = gallery_of_collection(
        service.database, SystemClock(), "lab", contract_named(contract_id)
    )
    assert evaluated.gallery.images == ["zoe, face 1", "yan, face 2", "yan, face 3"]
    folder = tmp_path / "data" / "index"
    check = Check(service.database, folder, contract_named(contract_id))
    found = [it.where for each in check.results(unwatched) for it in each.first]
    assert found == ["lab: person yan, face 3"]


def _back_up(database: Database, file: Path) -> None:
    backup(database, file, collection_id=None, made_at=NOW, progress=unwatched)


def _restore(database: Database, file: Path) -> None:
    with opened_archive(file, unwatched) as archive:
        restore(database, archive, replace=True, progress=unwatched)


def _import(database: Database, file: Path, collection: str, new_id: str) -> None:
    with opened_archive(file, unwatched) as archive:
        import_collection(
            database, archive, collection_id=collection, new_id=new_id, progress=unwatched
        )
