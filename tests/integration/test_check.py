"""Inconsistencies are found; they are repaired where that loses nothing good, and reported
otherwise."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import delete, select, update

from app.bootstrap import Container
from app.errors import Conflict
from app.feedback.models import Probe
from app.gallery.enrolment import ImageFile
from app.gallery.models import Collection, Crop, Face, OtherTemplate
from app.gallery.schemas import NewPerson
from app.maintenance.backup import backup
from app.maintenance.check import Check
from app.receipts.models import Receipt
from app.receipts.service import Ticket
from app.replication.history import Position
from app.replication.snapshot import snapshot_files
from app.settings import Settings
from app.vision.crops import packed
from tests.support.databases import damage
from tests.support.fake_bundle import contract_named
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, near, running, unwatched

both = pytest.mark.both_databases


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Container]:
    """Ada and Bob are at the doors, Cid is in the lab; a snapshot of each was kept."""
    with running(settings, tmp_path / "data") as container:
        for collection, people in (("doors", {"ada": 1, "bob": 2}), ("lab", {"cid": 3})):
            make_collection(container, collection)
            for person, somebody in people.items():
                enrol(container, person, somebody, collection)
            assert near(container, 1, collection) == set(people)
        container.follower.replicas.keep()
        yield container


@pytest.fixture
def check(service: Container, tmp_path: Path) -> Check:
    with service.database.read() as session:
        contract_id = session.scalars(select(Collection.contract_id)).first()
    folder = tmp_path / "data" / "index"
    assert len(snapshot_files(folder)) == 2
    return Check(service.database, folder, contract_named(str(contract_id)))


def found(check: Check) -> dict[str, int]:
    """How much each check found, of those that found anything."""
    return {each.name: each.found for each in check.results(unwatched) if each.found}


def findings(check: Check) -> list[str]:
    return [f"{it.where} {it.what}" for each in check.results(unwatched) for it in each.first]


def plant(service: Container, *statements: str) -> None:
    """Change the database as no service would: without foreign keys, without the change log."""
    url = service.database.engine.url
    if service.database.is_sqlite:
        connection = sqlite3.connect(str(url.database))  # foreign keys are off unless asked for
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as postgres:
        for statement in ("SET session_replication_role = replica", *statements):
            postgres.execute(statement.encode())


def backed_up(service: Container, file: Path) -> None:
    now = datetime.now(UTC)
    backup(service.database, file, collection_id=None, made_at=now, progress=unwatched)


@both
def test_a_receipt_of_what_was_deleted_by_hand_is_found_and_deleted(
    service: Container, check: Check
) -> None:
    persons = service.services.persons
    receipts = service.services.receipts

    def make(name: str, somebody: int) -> None:
        ticket, images = Ticket("key-1", name, "f"), [ImageFile(None, picture(somebody))]
        new = NewPerson(id=name)
        receipts.once(ticket, lambda keep: persons.create("doors", new, images, keep))

    make("dan", 4)
    make("eve", 5)
    assert found(check) == {}
    plant(service, "DELETE FROM persons WHERE id = 'dan'")
    assert found(check)["receipts"] == 1
    check.repair(unwatched)
    assert found(check) == {}
    with service.database.read() as session:
        assert session.scalars(select(Receipt.key)).all() == ["eve"]


@both
def test_where_all_agrees_nothing_is_odd(check: Check) -> None:
    assert found(check) == {}
    assert [each.name for each in check.results(unwatched)] == [
        "database file",
        "references",
        "receipts",
        "faces with their persons",
        "face numbers",
        "contract ids",
        "change logs",
        "templates",
        "crops",
        "index snapshots",
    ]


_MENDABLE = {
    "a face of nobody": ("DELETE FROM persons WHERE id = 'bob'", "references", {"ada"}),
    "a person of no collection": (
        "DELETE FROM collections WHERE id = 'lab'",
        "references",
        {"ada", "bob"},
    ),
    "a face elsewhere than its person": (
        "UPDATE faces SET collection_key = 2 WHERE person_key = 2",
        "faces with their persons",
        {"ada", "bob"},
    ),
    "a log that is ahead": (
        "UPDATE positions SET revision = 1 WHERE collection_key = 1",
        "change logs",
        {"ada", "bob"},
    ),
    "a log that begins later than now": (
        "UPDATE positions SET log_since = 9 WHERE collection_key = 1",
        "change logs",
        {"ada", "bob"},
    ),
    "a collection without a position": (
        "DELETE FROM positions WHERE collection_key = 1",
        "change logs",
        {"ada", "bob"},
    ),
    "a log with a hole": (
        "DELETE FROM changes WHERE person_key = 2",
        "change logs",
        {"ada", "bob"},
    ),
    "a removal that was not logged": (
        "DELETE FROM faces WHERE person_key = 2",
        "index snapshots",
        {"ada"},
    ),
}
"""A change (Bob is person 2, the lab is collection 2), the check that finds it, and the people who
are left after the repair."""


@both
@pytest.mark.parametrize("name", _MENDABLE)
def test_what_can_be_mended_is_found_and_mended(
    service: Container, check: Check, name: str, tmp_path: Path
) -> None:
    statement, notices, left = _MENDABLE[name]
    plant(service, statement)
    assert notices in found(check)
    if notices == "references":
        with pytest.raises(Conflict, match=r"rows refer to .* `kith check --repair`"):
            backed_up(service, tmp_path / "kith.zip")
        assert not (tmp_path / "kith.zip").exists()
    check.repair(unwatched)
    assert findings(check) == []
    assert near(service, 1) == left
    enrol(service, "dee", 4)
    assert near(service, 4) == left | {"dee"}
    assert found(check) == {}


def scaled(embedding: bytes, factor: float) -> bytes:
    return (np.frombuffer(embedding, "<f4") * np.float32(factor)).tobytes()


@both
def test_what_only_a_photo_could_mend_is_reported_and_left(
    service: Container, check: Check
) -> None:
    with service.database.write() as session:
        faces = session.scalars(select(Face).order_by(Face.id)).all()
        ada, bob, cid = (face.embedding for face in faces)
        faces[0].embedding = scaled(ada, 1.01)
        faces[1].embedding = bob[:-4]
        faces[2].embedding = scaled(cid, np.nan)
        faces[1].contract_id = "another"
    assert found(check) == {"contract ids": 1, "templates": 3, "index snapshots": 1}
    before = findings(check)
    assert before == [
        "doors: person bob, face 2 is of the model another, unlike its collection",
        "doors: person ada, face 1 has an embedding of length 1.01, not 1",
        "doors: person bob, face 2 has an embedding of 124 bytes, not 128",
        "lab: person cid, face 1 has an embedding of length nan, not 1",
        "index is not checked while templates are wrong",
    ]
    check.repair(unwatched)
    assert findings(check) == before


def beside(face: int, *, side: int, embedding: bytes) -> tuple[Crop, OtherTemplate]:
    """The crop and the other template of a face."""
    png = packed(np.zeros((side, 112, 3), np.uint8))
    return (
        Crop(face_id=face, crop_id="alike", png=png),
        OtherTemplate(face_id=face, contract_id="new", embedding=embedding),
    )


@both
def test_a_template_or_crop_that_does_not_fit_its_face_is_reported(
    service: Container, check: Check
) -> None:
    unit = np.eye(1, 16, dtype="<f4").tobytes()
    with service.database.write() as session:
        session.add_all(beside(1, side=112, embedding=unit))
        session.add_all(beside(2, side=96, embedding=unit[:-4]))
        session.add_all(beside(3, side=112, embedding=scaled(unit, 2)))
    assert findings(check) == [
        "doors: face 2 under new has an embedding of 60 bytes, not 64",
        "lab: face 1 under new has an embedding of length 2, not 1",
        "doors: person bob, face 2 has a crop of 112 x 96, not 112 x 112",
        "index is not checked while templates are wrong",
    ]
    with service.database.write() as session:
        session.execute(delete(OtherTemplate).where(OtherTemplate.face_id > 1))
        session.execute(update(Crop).where(Crop.face_id == 2).values(png=b"\x89PNG"))
    assert findings(check) == ["doors: person bob, face 2 has a crop that cannot be read"]
    with service.database.write() as session:
        session.execute(delete(Crop).where(Crop.face_id == 2))
    assert findings(check) == []


@both
def test_templates_and_crops_of_no_face_are_found_and_go(service: Container, check: Check) -> None:
    with service.database.write() as session:
        session.add_all(beside(3, side=112, embedding=np.eye(1, 16, dtype="<f4").tobytes()))
    plant(service, "DELETE FROM faces WHERE id = 3", "DELETE FROM persons WHERE id = 'cid'")
    assert found(check)["references"] == 2
    check.repair(unwatched)
    assert findings(check) == []


def test_an_embedding_that_is_no_template_is_checked_too(service: Container, check: Check) -> None:
    with service.database.write() as session:
        now = datetime.now(UTC)
        session.add(Probe(id="prb-1", collection_key=2, embedding=b"\x00" * 128, created_at=now))
    assert findings(check)[0] == "lab: probes 1 has an embedding of length 0, not 1"


@both
def test_a_collection_of_another_model_is_reported(
    service: Container, check: Check, tmp_path: Path
) -> None:
    other = Check(service.database, tmp_path / "data" / "index", contract_named("new"))
    assert found(other) == {"contract ids": 2}
    assert "collection doors is of the model" in findings(other)[0]


def snapshot(check: Check, tmp_path: Path, collection: int = 1) -> Path:
    return snapshot_files(tmp_path / "data" / "index")[collection]


def test_a_snapshot_with_a_flipped_bit_is_written_again(check: Check, tmp_path: Path) -> None:
    file = snapshot(check, tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    assert findings(check) == ["1.snapshot cannot be used: its checksum is wrong"]
    check.repair(unwatched)
    assert file.read_bytes() == whole
    assert found(check) == {}


def test_a_snapshot_of_a_collection_that_is_no_more_goes(check: Check, tmp_path: Path) -> None:
    stray = snapshot(check, tmp_path).with_name("77.snapshot")
    stray.write_bytes(snapshot(check, tmp_path).read_bytes())
    assert findings(check) == ["77.snapshot belongs to no collection"]
    check.repair(unwatched)
    assert not stray.exists()
    assert found(check) == {}


@both
def test_a_snapshot_of_another_history_is_written_again(
    service: Container, check: Check, tmp_path: Path
) -> None:
    with service.database.write() as session:
        session.execute(update(Position).values(epoch="another"))
    assert [each[2:] for each in findings(check)] == [
        "snapshot is of another history of its collection" for _ in range(2)
    ]
    check.repair(unwatched)
    assert found(check) == {}


@both
def test_a_snapshot_that_is_behind_is_nothing_odd(service: Container, check: Check) -> None:
    enrol(service, "dee", 4)
    assert found(check) == {}


def test_a_damaged_database_file_is_reported_and_nothing_else_relied_on(
    service: Container, check: Check
) -> None:
    service.database.close()
    damage(Path(str(service.database.engine.url.database)))
    (damaged,) = check.results(unwatched)
    assert (damaged.name, damaged.first[0].remedy) == (
        "database file",
        "restore the last good backup",
    )


def test_of_much_that_is_odd_some_is_reported_and_all_counted(
    service: Container, check: Check
) -> None:
    for number in range(25):
        enrol(service, f"p{number}", 100 + number)
    plant(service, "UPDATE faces SET contract_id = 'another'")
    (contracts,) = [each for each in check.results(unwatched) if each.found]
    assert (contracts.found, len(contracts.first)) == (28, 20)
