"""``kith import compreface`` reads a database with CompreFace's tables, and enrols its people."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from app.compreface.dump import Dump
from app.compreface.source_repository import Source
from app.core.ids import id_of_name
from app.settings import SHIPPED
from tests.integration.compreface.conftest import both, collins, hopper
from tests.support.commands import Command
from tests.support.databases import new_database

MINI = SHIPPED / "face-mini"
TABLES = """
CREATE TABLE app (id bigint PRIMARY KEY, name varchar(50) NOT NULL, guid varchar(36) NOT NULL,
    api_key varchar(36) NOT NULL);
CREATE TABLE model (id bigint PRIMARY KEY, name varchar(255) NOT NULL, guid varchar(36) NOT NULL,
    app_id bigint NOT NULL REFERENCES app, api_key varchar(36) NOT NULL UNIQUE, type char(1),
    created_date timestamp);
CREATE TABLE subject (id uuid PRIMARY KEY, api_key varchar(36), subject_name varchar(255),
    UNIQUE (api_key, subject_name));
CREATE TABLE img (id uuid PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE embedding (id uuid PRIMARY KEY, subject_id uuid REFERENCES subject,
    embedding float8[] NOT NULL, calculator varchar(255) NOT NULL, img_id uuid REFERENCES img);
INSERT INTO app VALUES (1, 'Home', 'a', 'a');
INSERT INTO model VALUES (1, 'Front door', 'b', 1, '00000000-0000-0000-0000-0000000000aa', 'R'),
    (2, 'Office', 'c', 1, '00000000-0000-0000-0000-0000000000bb', 'R'),
    (3, 'Detection', 'd', 1, '00000000-0000-0000-0000-0000000000cc', 'D');
"""
"""The tables as CompreFace 1.2 makes them, without the columns that nobody reads."""
DOOR, OFFICE = (f"00000000-0000-0000-0000-0000000000{end}" for end in ("aa", "bb"))


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[str]:
    """The URL of a CompreFace with two services, of people in the public domain."""
    with new_database("postgresql", tmp_path) as url:
        with psycopg.connect(url) as connection:
            connection.execute(TABLES)
            for key, name, images in (
                (DOOR, "Eileen Collins", [collins(), collins(0.8), None]),
                (DOOR, "Grace Høpper", [hopper()]),
                (DOOR, "Two of them", [both()]),
                (DOOR, "Nobody", []),
                (OFFICE, "Grace Høpper", [hopper(1.2)]),
            ):
                subject = uuid4()
                add = "INSERT INTO subject VALUES (%s, %s, %s)"
                connection.execute(add, (subject, key, name))
                for image in images:
                    example(connection, subject, image)
        yield url


def example(
    connection: psycopg.Connection[tuple[object, ...]], subject: UUID, image: bytes | None
) -> None:
    kept = None
    if image is not None:
        kept = uuid4()
        connection.execute("INSERT INTO img VALUES (%s, %s)", (kept, image))
    connection.execute(
        "INSERT INTO embedding VALUES (%s, %s, %s, 'facenet.Calculator', %s)",
        (uuid4(), subject, [0.5, 0.5], kept),
    )


def test_people_come_along_by_their_images_and_what_cannot_is_said(
    kith_command: Command, theirs: str, tmp_path: Path
) -> None:
    settings = {"KITH_DATA_DIR": tmp_path / "data", "KITH_MODEL": MINI}
    report = tmp_path / "report.json"

    def run(*arguments: object) -> tuple[int, str]:
        ended = kith_command("import", "compreface", theirs, *arguments, **settings)
        assert ended.err == ""
        return ended.status, ended.out

    status, said = run("--dry-run")
    assert (status, "3 photos would be enrolled" in said) == (3, True), said
    assert not (tmp_path / "data" / "kith.db").exists()
    status, said = run("--report", report)
    assert status == 3
    for line in (
        "3 photos enrolled, 0 were already, 1 refused.",
        "multiple_faces",
        "Not enrolled, all photos were refused:\n  Two of them",
        "Not enrolled, CompreFace kept no image of them:\n  Nobody",
        "1 embeddings of facenet.Calculator have no image",
        "Home / Office into 'Office': 1 photos enrolled",
    ):
        assert line in said, (line, said)
    door, office = json.loads(report.read_text())["services"]
    assert (door["collection"], office["collection"]) == (id_of_name("Front door"), "Office")
    assert door["counts"] == {"enrolled": 3, "refused": 1}
    assert {each["subject"] for each in door["photos"]} == {
        "Eileen Collins",
        "Grace Høpper",
        "Two of them",
    }
    assert DOOR not in report.read_text() + said
    status, said = run("--service", DOOR)
    assert "0 photos enrolled, 3 were already, 1 refused." in said
    assert "Office" not in said
    status, said = run("--service", "Office", "--collection", "annex")
    assert (status, "into 'annex': 1 photos enrolled" in said) == (0, True)


def test_a_dump_holds_what_its_database_holds(theirs: str, tmp_path: Path) -> None:
    with psycopg.connect(theirs) as connection:
        odd = "tab\tline\nback\\slash \\N"
        connection.execute("INSERT INTO subject VALUES (%s, %s, %s)", (uuid4(), DOOR, odd))
    file = tmp_path / "frs.sql"
    subprocess.run(["pg_dump", f"--file={file}", theirs], check=True)
    with Source.opened(theirs) as database, Dump.opened(file) as dump:
        services = database.services()
        assert dump.services() == services
        for service in services:
            one, other = database.holding(service), dump.holding(service)
            assert sorted(other.subjects) == sorted(one.subjects)
            assert sorted(other.imageless) == sorted(one.imageless)
            assert other.lost == one.lost
            assert set(other.photos) == set(one.photos)
            for photo in one.photos:
                assert dump.image(photo) == database.image(photo)


def test_a_dump_without_some_images_brings_the_others_along(
    kith_command: Command, theirs: str, tmp_path: Path
) -> None:
    file, settings = tmp_path / "frs.sql", {"KITH_DATA_DIR": tmp_path / "data", "KITH_MODEL": MINI}
    with psycopg.connect(theirs) as connection:
        connection.execute(
            "UPDATE subject SET subject_name = E'Two\nof' WHERE subject_name ~ 'Two'"
        )
    subprocess.run(["pg_dump", f"--file={file}", theirs], check=True)
    lines = file.read_bytes().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if line.startswith(b"COPY public.img"))
    gone = lines.pop(first + 1).split(b"\t")[0].decode()
    with Dump.opened(write(file, b"".join(lines))) as dump:
        photos = [each for service in dump.services() for each in dump.holding(service).photos]
        assert [dump.image(each) for each in photos].count(b"") == 1
    ended = kith_command("import", "compreface", file, **settings)
    assert (ended.status, ended.err) == (3, ""), ended
    (missing,) = [each for each in photos if str(each.img_id) == gone]
    assert f"{missing.face_id}: invalid_image: The image is empty" in ended.out
    assert "must not contain the character U+000A (character 4)" in ended.out
    escaped = b"".join(lines).replace(b"\\\\x", b"\\\\377")
    ended = kith_command("import", "compreface", write(file, escaped), **settings)
    assert "images are not in hexadecimal (bytea_output)" in ended.err


def test_two_services_never_become_one_collection(
    kith_command: Command, theirs: str, tmp_path: Path
) -> None:
    settings = {"KITH_DATA_DIR": tmp_path / "data", "KITH_MODEL": MINI}
    with psycopg.connect(theirs) as connection:
        connection.execute("INSERT INTO app VALUES (2, 'Home', 'a', 'b')")
        connection.execute("UPDATE model SET name = 'Office', app_id = 2 WHERE name = 'Front door'")
    for chosen in ((), ("--service", OFFICE)):
        ended = kith_command("import", "compreface", theirs, *chosen, **settings)
        assert (ended.status, ended.out) == (1, "")
        assert "would become the collection 'Home-Office'" in ended.err
    alone = ("--service", OFFICE, "--collection", "office")
    ended = kith_command("import", "compreface", theirs, *alone, **settings)
    assert "into 'office': 1 photos enrolled" in ended.out


def write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def test_what_is_no_compreface_is_said_in_one_line(
    kith_command: Command, theirs: str, tmp_path: Path
) -> None:
    def run(url: str, *arguments: str) -> str:
        settings = {"KITH_DATA_DIR": tmp_path / "data", "KITH_MODEL": MINI}
        ended = kith_command("import", "compreface", url, *arguments, **settings)
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.count("\n") == 1, ended.err
        return ended.err

    assert "cannot be read: No such file" in run("dump.sql")
    app = b"COPY public.app (id, name) FROM stdin;\n"
    for content, said in (
        (b"PGDMP...", "pg_restore --file"),
        (app + b"\\.\n", "no table model, or not as COPY; make it with pg_dump"),
        (app + b"1\tHome\n", "it is cut off"),
        (app + b"1\n\\.\n", "a row has not the columns"),
        (app + "1\tBüro\n".encode("latin-1"), "pg_dump --encoding=UTF8"),
        (b"COPY public.app (id) FROM stdin;\n", "table app has no column name"),
    ):
        file = tmp_path / "frs.dump"
        file.write_bytes(content)
        assert said in run(str(file))
    assert "no such recognition service; there are: Home / Front door, Home / Office" in run(
        theirs, "--service", "x"
    )
    assert "--service which is meant" in run(theirs, "--collection", "x")
    gone = theirs.replace("127.0.0.1:5432", "user:secret@127.0.0.1:1").replace(
        "postgres@user", "user"
    )
    assert "secret" not in run(gone)
    with psycopg.connect(theirs) as connection:
        connection.execute("DROP TABLE model")
    assert "not that of CompreFace" in run(theirs)
