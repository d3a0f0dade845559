"""``kith enroll``: a folder tree, one folder a person."""

import json
import os
import sqlite3
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from app.bootstrap import build
from app.core.paging import Paging
from app.errors import DatabaseLost, NotFound
from app.gallery.person_service import PersonService
from app.gallery.schemas import NewCollection, NewPerson, PersonPatch
from app.receipts.keeping import keep_nothing
from app.settings import SHIPPED, Settings
from tests.support.commands import Kith
from tests.support.pictures import encoded, picture
from tests.support.services import enrol, make_collection, near, running
from tests.unit.inference.faces import admiral, astronaut, resized

_KITH = (sys.executable, "-c", "from app.cli import main; main()")


def _photo(folder: Path, person: str, name: str, data: bytes) -> None:
    (folder / person).mkdir(parents=True, exist_ok=True)
    (folder / person / name).write_bytes(data)


def test_a_folder_is_enrolled_and_a_second_run_goes_on_where_it_stopped(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    folder, data = tmp_path / "people", tmp_path / "data"
    _photo(folder, "Ada Lovelace", "1.png", picture(1))
    _photo(folder, "Ada Lovelace", "2.png", picture(1, 1))
    _photo(folder, "Grace Hopper", "1.png", picture(2))
    _photo(folder, "Nobody", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    first = kith(data, fake_bundle, "enroll", "--collection", "hq", folder)
    assert "3 photos enrolled, 0 were already, 1 refused." in first
    assert "Nobody/broken.jpg" in first
    assert "invalid_image" in first
    assert first.endswith("[3]")

    _photo(folder, "Grace Hopper", "2.png", picture(2, 1))
    second = kith(data, fake_bundle, "enroll", "--collection", "hq", folder)
    assert "1 photos enrolled, 3 were already, 1 refused." in second


def test_a_folder_without_photos_is_one_clear_line(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    said = kith(tmp_path / "data", fake_bundle, "enroll", "--collection", "hq", tmp_path)
    assert "has no folder with photos in it" in said
    assert "Traceback" not in said
    assert said.endswith("[1]")


def test_somebody_enrolled_without_photos_is_not_removed_by_unusable_ones(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", model=fake_bundle)
    container = build(settings)
    container.open()
    container.services.collections.create(NewCollection(id="hq"), keep_nothing)
    persons = container.services.persons
    persons.create("hq", NewPerson(id="ada", metadata={"badge": 7}), [], keep_nothing)
    _photo(tmp_path / "people", "ada", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    _photo(tmp_path / "people", "nobody", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    said = kith(tmp_path / "data", fake_bundle, "enroll", "--collection", "hq", tmp_path / "people")

    assert "0 photos enrolled, 0 were already, 2 refused." in said
    assert persons.get("hq", "ada").metadata == {"badge": 7}
    with pytest.raises(NotFound):
        persons.get("hq", "nobody")
    container.close()


def test_photos_that_look_like_somebody_else_are_told(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    for name, somebody in (("ada", 1), ("bob", 2), ("alias", 1)):
        _photo(tmp_path / "people", name, "1.png", picture(somebody, len(name)))
    said = kith(tmp_path / "data", fake_bundle, "enroll", "--collection", "hq", tmp_path / "people")
    assert "3 photos enrolled, 0 were already, 0 refused." in said
    assert "1 photos look like another person" in said
    assert "alias/1.png" in said or "ada/1.png" in said


FIVE_SCRIPTS = ("Анна Петрова", "王小明", "محمد علي", "Zoë Müller", "김철수", "राम शर्मा")
FIVE_MORE = ("Борис Иванов", "李小龙", "فاطمة حسن", "Zoé Möller", "이영희", "सीता शर्मा")
"""Which all had the ids of the first ones, made of their Latin letters alone."""


def _enrolled(data: Path, bundle: Path, collection: str = "hq") -> dict[str, tuple[str, int]]:
    """Name, id and number of faces of everybody in the collection."""
    with running(Settings(data_dir=data, model=bundle), data) as container:
        persons = container.services.persons
        found = persons.find(collection, Paging(1000, 0), name=None, external_id=None).items
    assert len({each.id for each in found}) == len(found)
    return {str(each.name): (each.id, each.face_count) for each in found}


def _report(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content


def test_people_of_five_scripts_in_two_runs_are_people_of_their_own(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data = tmp_path / "data"
    for run, names in enumerate((FIVE_SCRIPTS, FIVE_MORE)):
        for number, name in enumerate(names):
            _photo(tmp_path / f"run {run}", name, "1.png", picture(20 * run + number))
        said = kith(data, fake_bundle, "enroll", "--collection", "hq", tmp_path / f"run {run}")
        assert f"{len(names)} photos enrolled, 0 were already, 0 refused." in said
        assert said.endswith("[0]")
    enrolled = _enrolled(data, fake_bundle)
    assert set(enrolled) == {*FIVE_SCRIPTS, *FIVE_MORE}
    assert {count for _, count in enrolled.values()} == {1}
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        assert enrolled["Борис Иванов"][0] in near(container, 20, "hq")
    again = kith(data, fake_bundle, "enroll", "--collection", "hq", tmp_path / "run 0")
    assert f"0 photos enrolled, {len(FIVE_SCRIPTS)} were already, 0 refused." in again
    assert _enrolled(data, fake_bundle) == enrolled


def test_a_person_of_the_id_but_of_another_name_is_left_alone(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data, people, report = tmp_path / "data", tmp_path / "people", tmp_path / "report.json"
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        make_collection(container, "hq")
        persons = container.services.persons
        for person_id, name in (("ada", "Ada Lovelace"), ("bob", None), ("eve", "eve")):
            persons.create("hq", NewPerson(id=person_id, name=name), [], keep_nothing)
    for somebody, name in enumerate(("ada", "bob", "eve")):
        for shake in range(2):
            _photo(people, name, f"{shake}.png", picture(somebody, shake))

    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people, "--report", report)

    assert "2 photos enrolled, 0 were already, 4 refused." in said
    assert "ada/ (photos: 2): not_this_person: The person 'ada' is called 'Ada Lovelace'." in said
    assert "bob/ (photos: 2): not_this_person: The person 'bob' has no name." in said
    assert said.endswith("[3]")
    told = _report(report)
    assert [row["person_id"] for row in told["photos"] if row["outcome"] == "refused"] == [None] * 4
    assert _enrolled(data, fake_bundle) == {
        "Ada Lovelace": ("ada", 0),
        "None": ("bob", 0),
        "eve": ("eve", 2),
    }
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        persons = container.services.persons
        persons.update("hq", "ada", PersonPatch(name="ada"))
    assert "2 photos enrolled, 2 were already, 2 refused." in kith(
        data, fake_bundle, "enroll", "--collection", "hq", people
    )


def _former(data: Path, bundle: Path, people: dict[str, tuple[str, int]]) -> None:
    """A gallery as Kith enrolled it when an id was a name without what an id may not hold."""
    with running(Settings(data_dir=data, model=bundle), data) as container:
        make_collection(container, "hq")
        for person_id, somebody in people.values():
            enrol(container, person_id, somebody, "hq")
    connection = sqlite3.connect(data / "kith.db")
    with connection:
        for name, (person_id, _) in people.items():
            connection.execute("UPDATE persons SET name = ? WHERE id = ?", (name, person_id))
    connection.close()


def test_a_gallery_that_an_earlier_kith_enrolled_goes_on(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data, people = tmp_path / "data", tmp_path / "people"
    nfd = unicodedata.normalize("NFD", "Zoë M")
    former = {"Анна Петрова": ("person", 1), nfd: ("Zoe-M", 2), "Ada Lovelace": ("Ada-Lovelace", 3)}
    _former(data, fake_bundle, former)
    somebodies = {"Анна Петрова": 1, "Zoë M": 2, "Ada Lovelace": 3}
    others = {"Борис Иванов": 4, "Zoe+M": 5, "Ada+Lovelace": 6}
    for name, somebody in {**somebodies, **others}.items():
        _photo(people, name, "1.png", picture(somebody))
        _photo(people, name, "2.png", picture(somebody, 1))

    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people)

    assert "9 photos enrolled, 3 were already, 0 refused." in said
    enrolled = _enrolled(data, fake_bundle)
    assert {name: enrolled[name] for name in former} == {
        name: (person_id, 2) for name, (person_id, _) in former.items()
    }
    assert set(enrolled) == {*former, *others}
    assert "0 photos enrolled, 12 were already, 0 refused." in kith(
        data, fake_bundle, "enroll", "--collection", "hq", people
    )


def test_a_name_is_one_however_the_disk_spells_it(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data = tmp_path / "data"
    forms: tuple[tuple[Literal["NFC", "NFD"], int], ...] = (("NFC", 0), ("NFD", 1))
    for form, shake in forms:
        name = unicodedata.normalize(form, "Zoë Müller")
        _photo(tmp_path / form, name, f"{form}.png", picture(1, shake))
        _photo(tmp_path / "both", name, f"{form}.png", picture(1, shake))
    for folder, said in (
        ("NFC", "1 photos enrolled, 0 were already, 0 refused."),
        ("NFD", "1 photos enrolled, 0 were already, 0 refused."),
        ("both", "0 photos enrolled, 2 were already, 0 refused."),
    ):
        assert said in kith(data, fake_bundle, "enroll", "--collection", "hq", tmp_path / folder)
    ((name, (_, faces)),) = _enrolled(data, fake_bundle).items()
    assert (name, faces) == ("Zoë Müller", 2)


def test_a_photo_that_moves_or_is_replaced_is_enrolled_where_it_lies_now(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data, people = tmp_path / "data", tmp_path / "people"
    for name, somebody in (("ada", 1), ("bob", 2)):
        for shake in range(2):
            _photo(people, name, f"{shake}.png", picture(somebody, shake))
    kith(data, fake_bundle, "enroll", "--collection", "hq", people)
    (people / "ada" / "1.png").rename(people / "bob" / "moved.png")
    _photo(people, "bob", "1.png", picture(2, 5))
    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people)
    assert "2 photos enrolled, 2 were already, 0 refused." in said
    assert "bob/moved.png: looks_like_another_person" in said
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        persons = container.services.persons
        persons.delete("hq", "bob")
    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people)
    assert "3 photos enrolled, 1 were already, 0 refused." in said


def _real_folder(people: Path) -> None:
    """Of a network disk: four photos, and much that is none."""
    for name, somebody in (("Ada", 1), ("Борис Иванов", 2)):
        for shake in range(2):
            _photo(people, name, f"{shake}.png", picture(somebody, shake))
    _photo(people, "Ada", "IMG_1.HEIC", b"\x00\x00\x00\x18ftypheic" + bytes(32))
    _photo(people, "Ada", "IMG_2.jpg", b"\x00\x00\x00\x18ftypheic" + bytes(32))
    _photo(people, "Борис Иванов", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    _photo(people, "Ada/@eaDir", "0.png", picture(1))
    _photo(people, "@eaDir", "0.png", picture(9))
    _photo(people, "__MACOSX", "0.png", picture(9))
    _photo(people, ".", "loose.png", picture(8))
    _photo(people, ".", "Thumbs.db", b"")
    _photo(people, "Ada", "notes.txt", b"no photo")
    _photo(people, os.fsdecode(b"Andr\xe9"), "1.png", picture(7))
    (people / "Nobody").mkdir()
    (people / "loop").symlink_to(people)


def test_everything_in_a_real_folder_is_told(
    tmp_path: Path, fake_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    _real_folder(people)
    long = "a [b] :key: photo whose name is so long that no terminal of 80 columns shows all.jpg"
    _photo(people, "Ada", long, b"\xff\xd8\xff not much of a JPEG")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")  # a terminal that has no Cyrillic

    done = subprocess.run(
        [*_KITH, "enroll", "--collection", "hq", str(people), "--report", str(report)],
        env={**os.environ, "KITH_DATA_DIR": str(data), "KITH_MODEL": str(fake_bundle)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    said = done.stdout
    assert "4 photos enrolled, 0 were already, 5 refused." in said
    assert f"Ada/{long}: invalid_image: " in said
    assert "Ada/IMG_1.HEIC: heic_or_avif: HEIC or AVIF is not read; export as JPEG" in said
    assert "Ada/IMG_2.jpg: heic_or_avif: " in said
    assert "Andr\\xe9: bad_name: the folder's name is not UTF-8" in said
    cyrillic = "Борис Иванов".encode("ascii", "backslashreplace").decode()
    assert f"{cyrillic}/broken.jpg: invalid_image: " in said
    assert "invalid_image: 2" in said
    assert "heic_or_avif: 2" in said
    for left_out in ("junk: 4", "loose: 1", "not_an_image: 1", "empty: 1", "link: 1"):
        assert f"Left out, {left_out} (" in said
    assert {name: count for name, (_, count) in _enrolled(data, fake_bundle).items()} == {
        "Ada": 2,
        "Борис Иванов": 2,
    }

    told = _report(report)
    assert report.stat().st_mode & 0o777 == 0o600
    assert told["counts"] == {"enrolled": 4, "already": 0, "refused": 5, "not_reached": 0}
    assert (told["ended"], told["dry_run"], told["collection"]) == ("finished", False, "hq")
    assert told["left_out"] == {
        "heic_or_avif": 2,
        "bad_name": 1,
        "loose": 1,
        "not_an_image": 1,
        "empty": 1,
        "link": 1,
        "junk": 4,
    }
    assert len(told["entries_left_out"]) == 11
    rows = {row["path"]: row for row in told["photos"]}
    assert len(rows) == len(told["photos"]) == 9
    boris = rows["Борис Иванов/0.png"]
    assert (boris["outcome"], boris["person"]) == ("enrolled", "Борис Иванов")
    assert boris["person_id"].startswith("person-")
    assert rows["Борис Иванов/broken.jpg"]["reasons"] == ["invalid_image"]
    assert rows["Andr\\xe9"]["reasons"] == ["bad_name"]
    counts = {each["name"]: each["photos"] for each in told["people"]}
    assert counts["Ada"] == {"enrolled": 2, "refused": 3}
    assert counts["Борис Иванов"] == {"enrolled": 2, "refused": 1}


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in found}


def test_a_dry_run_decides_as_the_run_does_and_writes_nothing(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    _real_folder(people)
    _photo(people, "Ada", "copy.png", picture(1))
    arguments = ("enroll", "--collection", "hq", people, "--report", report)

    said = kith(data, fake_bundle, *arguments, "--dry-run")
    assert "4 photos would be enrolled, 1 were already, 4 would be refused." in said
    assert said.endswith("[3]")
    tried = _report(report)
    assert not data.exists()
    assert kith(data, fake_bundle, *arguments).endswith("[3]")
    done = _report(report)
    assert tried["photos"] == done["photos"]
    assert (tried["dry_run"], done["dry_run"]) == (True, False)

    _photo(people, "Ada", "2.png", picture(1, 2))
    _photo(people, "Grace", "1.png", picture(1, 3))  # who looks like Ada
    before = _files(data)
    kith(data, fake_bundle, *arguments, "--dry-run")
    assert _files(data) == before
    kith(data, fake_bundle, "enroll", "--collection", "other", people, "--dry-run")
    assert _files(data) == before
    tried = _report(report)
    kith(data, fake_bundle, *arguments)
    assert tried["counts"] == {"enrolled": 2, "already": 5, "refused": 4, "not_reached": 0}
    assert _decided(tried) == _decided(_report(report))
    assert ("Grace/1.png", "enrolled", "Grace", [], ["Ada"]) in _decided(tried)


def _decided(report: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Without the similarities, which a photo enrolled in the same run moves a little."""
    return [
        (
            *(row["path"], row["outcome"], row["person_id"], row["reasons"]),
            [each["person_id"] for each in row["warnings"]],
        )
        for row in report["photos"]
    ]


def test_a_dry_run_knows_the_collections_limits(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        make_collection(container, "hq", max_faces_per_person=2, lookalikes="refuse")
        enrol(container, "alice", 7, "hq")
    for shake in range(4):
        _photo(people, "Ada", f"{shake}.png", picture(1, shake))
    _photo(people, "Mallory", "1.png", picture(7, 1))
    arguments = ("enroll", "--collection", "hq", people, "--report", report)
    kith(data, fake_bundle, *arguments, "--dry-run")
    tried = _report(report)
    assert tried["reasons"] == {"face_limit_reached": 2, "looks_like_another_person": 1}
    kith(data, fake_bundle, *arguments)
    assert tried["photos"] == _report(report)["photos"]


def test_a_run_whose_database_goes_away_ends_and_leaves_its_report(
    kith: Kith, tmp_path: Path, fake_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    for number in range(3):
        _photo(people, f"p{number}", "1.png", picture(number))

    def lost(self: PersonService, *arguments: object) -> dict[str, str | None]:
        raise DatabaseLost

    with monkeypatch.context() as patched:
        patched.setattr(PersonService, "names", lost)
        said = kith(data, fake_bundle, "enroll", "--collection", "hq", people, "--report", report)
    assert "The database does not answer" in said
    assert said.endswith("[1]")
    assert _report(report)["ended"] == "failed"
    assert _report(report)["counts"]["not_reached"] == 3


def test_what_concerns_the_whole_run_is_one_clear_line(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    people, data = tmp_path / "people", tmp_path / "data"
    _photo(people, "Ada", "1.png", picture(1))
    os.mkfifo(tmp_path / "pipe")
    nowhere, below = tmp_path / "nowhere" / "r.json", people / "Ada" / "1.png" / "r.json"
    for report in (nowhere, below, tmp_path / "pipe"):
        said = kith(data, fake_bundle, "enroll", "--collection", "hq", people, "--report", report)
        assert "cannot be written" in said
        assert said.endswith("[1]")
    assert not data.exists()
    said = kith(data, fake_bundle, "enroll", "--collection", "h q", people)
    assert said.endswith("[1]")
    assert "Traceback" not in said


def _two_faces() -> bytes:
    """Eileen Collins in the middle, her face 140 pixels wide, and Grace Hopper's, 170, beside."""
    eileen, grace = resized(astronaut(), 1.55), admiral()
    canvas = np.full((800, 1820, 3), 128, np.uint8)
    canvas[: eileen.shape[0], 512 : 512 + eileen.shape[1]] = eileen
    canvas[: grace.shape[0], -grace.shape[1] :] = grace
    return encoded(canvas)


@pytest.mark.parametrize("rule", ["only", "largest", "central", "main"])
def test_the_face_that_is_meant_is_enrolled_and_several_are_told(
    kith: Kith, tmp_path: Path, rule: str
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    _photo(people, "Grace", "alone.png", encoded(admiral()))
    _photo(people, "Eileen", "both.png", _two_faces())
    arguments = ("enroll", "--collection", "hq", people, "--report", report, "--subject", rule)
    for also in (("--dry-run",), ()):
        said = kith(data, SHIPPED / "face-mini", *arguments, *also)
        rows = {row["path"]: row for row in _report(report)["photos"]}
        assert rows["Grace/alone.png"]["outcome"] == "enrolled"
        both = rows["Eileen/both.png"]
        if rule == "only":
            assert (both["outcome"], both["reasons"]) == ("refused", ["multiple_faces"])
            assert "say with `--subject` which" in both["detail"]
            assert said.endswith("[3]")
            continue
        assert both["outcome"] == "enrolled"
        told = next(each for each in both["warnings"] if each["reason"] == "several_faces")
        assert told["faces_found"] == 2
        assert told["detail"].endswith("name it with `--subject`.")
        assert (told["box"]["width"] > 155) == (rule == "largest")
        assert "Eileen/both.png: several_faces: " in said
        assert said.endswith("[0]")


def test_a_rule_that_there_is_not_is_refused(kith: Kith, tmp_path: Path) -> None:
    _photo(tmp_path / "people", "Grace", "1.png", picture(1))
    arguments = ("enroll", "--collection", "hq", tmp_path / "people", "--subject", "biggest")
    said = kith(tmp_path / "data", SHIPPED / "face-mini", *arguments)
    assert "'only', 'largest', 'central'" in said
    assert said.endswith("[2]")
