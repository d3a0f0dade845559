"""``kith enroll``: a folder tree, one folder a person."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.bootstrap import build
from app.errors import DatabaseLost, NotFound
from app.gallery.collection_schemas import NewCollection
from app.gallery.person_service import PersonService
from app.gallery.schemas import NewPerson
from app.receipts.keeping import keep_nothing
from app.settings import SHIPPED, Settings
from tests.support.commands import Kith
from tests.support.folders import people_enrolled, put_photo, read_report
from tests.support.pictures import encoded, picture
from tests.support.services import enrol, make_collection, running
from tests.unit.inference.faces import admiral, astronaut, resized

_KITH = (sys.executable, "-c", "from app.cli import main; main()")


def test_a_folder_is_enrolled_and_a_second_run_goes_on_where_it_stopped(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    folder, data = tmp_path / "people", tmp_path / "data"
    put_photo(folder, "Ada Lovelace", "1.png", picture(1))
    put_photo(folder, "Ada Lovelace", "2.png", picture(1, 1))
    put_photo(folder, "Grace Hopper", "1.png", picture(2))
    put_photo(folder, "Nobody", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    first = kith(data, fake_bundle, "enroll", "--collection", "hq", folder)
    assert "3 photos enrolled, 0 were already, 1 refused." in first
    assert "Nobody/broken.jpg" in first
    assert "invalid_image" in first
    assert first.endswith("[3]")

    put_photo(folder, "Grace Hopper", "2.png", picture(2, 1))
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
    put_photo(tmp_path / "people", "ada", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    put_photo(tmp_path / "people", "nobody", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    said = kith(tmp_path / "data", fake_bundle, "enroll", "--collection", "hq", tmp_path / "people")

    assert "0 photos enrolled, 0 were already, 2 refused." in said
    assert persons.get("hq", "ada").metadata == {"badge": 7}
    with pytest.raises(NotFound):
        persons.get("hq", "nobody")
    container.close()


def test_photos_that_look_like_somebody_else_are_reported(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    for name, somebody in (("ada", 1), ("bob", 2), ("alias", 1)):
        put_photo(tmp_path / "people", name, "1.png", picture(somebody, len(name)))
    said = kith(tmp_path / "data", fake_bundle, "enroll", "--collection", "hq", tmp_path / "people")
    assert "3 photos enrolled, 0 were already, 0 refused." in said
    assert "1 photos look like another person" in said
    assert "alias/1.png" in said or "ada/1.png" in said


def test_a_photo_that_moves_or_is_replaced_is_enrolled_where_it_lies_now(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    data, people = tmp_path / "data", tmp_path / "people"
    for name, somebody in (("ada", 1), ("bob", 2)):
        for shake in range(2):
            put_photo(people, name, f"{shake}.png", picture(somebody, shake))
    kith(data, fake_bundle, "enroll", "--collection", "hq", people)
    (people / "ada" / "1.png").rename(people / "bob" / "moved.png")
    put_photo(people, "bob", "1.png", picture(2, 5))
    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people)
    assert "2 photos enrolled, 2 were already, 0 refused." in said
    assert "bob/moved.png: looks_like_another_person" in said
    with running(Settings(data_dir=data, model=fake_bundle), data) as container:
        persons = container.services.persons
        persons.delete("hq", "bob")
    said = kith(data, fake_bundle, "enroll", "--collection", "hq", people)
    assert "3 photos enrolled, 1 were already, 0 refused." in said


def _real_folder(people: Path) -> None:
    """Fill a folder like one of a network disk: four photos, and many other files."""
    for name, somebody in (("Ada", 1), ("Борис Иванов", 2)):
        for shake in range(2):
            put_photo(people, name, f"{shake}.png", picture(somebody, shake))
    put_photo(people, "Ada", "IMG_1.HEIC", b"\x00\x00\x00\x18ftypheic" + bytes(32))
    put_photo(people, "Ada", "IMG_2.jpg", b"\x00\x00\x00\x18ftypheic" + bytes(32))
    put_photo(people, "Борис Иванов", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    put_photo(people, "Ada/@eaDir", "0.png", picture(1))
    put_photo(people, "@eaDir", "0.png", picture(9))
    put_photo(people, "__MACOSX", "0.png", picture(9))
    put_photo(people, ".", "loose.png", picture(8))
    put_photo(people, ".", "Thumbs.db", b"")
    put_photo(people, "Ada", "notes.txt", b"no photo")
    put_photo(people, os.fsdecode(b"Andr\xe9"), "1.png", picture(7))
    (people / "Nobody").mkdir()
    (people / "loop").symlink_to(people)


def test_everything_in_a_real_folder_is_reported(
    tmp_path: Path, fake_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    _real_folder(people)
    long = "a [b] :key: photo whose name is so long that no terminal of 80 columns shows all.jpg"
    put_photo(people, "Ada", long, b"\xff\xd8\xff not much of a JPEG")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")  # a terminal that has no Cyrillic

    done = subprocess.run(
        [*_KITH, "enroll", "--collection", "hq", str(people), "--report", str(report)],
        env={**os.environ, "KITH_DATA_DIR": str(data), "KITH_MODEL": str(fake_bundle)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
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
    assert {name: count for name, (_, count) in people_enrolled(data, fake_bundle).items()} == {
        "Ada": 2,
        "Борис Иванов": 2,
    }

    assert report.stat().st_mode & 0o777 == 0o600
    _check_report(read_report(report))


def _check_report(written: dict[str, Any]) -> None:
    """The report names each file of the real folder, and what became of it."""
    assert written["counts"] == {"enrolled": 4, "already": 0, "refused": 5, "not_reached": 0}
    assert (written["ended"], written["dry_run"], written["collection"]) == (
        "finished",
        False,
        "hq",
    )
    assert written["left_out"] == {
        "heic_or_avif": 2,
        "bad_name": 1,
        "loose": 1,
        "not_an_image": 1,
        "empty": 1,
        "link": 1,
        "junk": 4,
    }
    assert len(written["entries_left_out"]) == 11
    rows = {row["path"]: row for row in written["photos"]}
    assert len(rows) == len(written["photos"]) == 9
    boris = rows["Борис Иванов/0.png"]
    assert (boris["outcome"], boris["person"]) == ("enrolled", "Борис Иванов")
    assert boris["person_id"].startswith("person-")
    assert rows["Борис Иванов/broken.jpg"]["reasons"] == ["invalid_image"]
    assert rows["Andr\\xe9"]["reasons"] == ["bad_name"]
    counts = {each["name"]: each["photos"] for each in written["people"]}
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
    put_photo(people, "Ada", "copy.png", picture(1))
    arguments = ("enroll", "--collection", "hq", people, "--report", report)

    said = kith(data, fake_bundle, *arguments, "--dry-run")
    assert "4 photos would be enrolled, 1 were already, 4 would be refused." in said
    assert said.endswith("[3]")
    tried = read_report(report)
    assert not data.exists()
    assert kith(data, fake_bundle, *arguments).endswith("[3]")
    done = read_report(report)
    assert tried["photos"] == done["photos"]
    assert (tried["dry_run"], done["dry_run"]) == (True, False)

    put_photo(people, "Ada", "2.png", picture(1, 2))
    put_photo(people, "Grace", "1.png", picture(1, 3))  # who looks like Ada
    before = _files(data)
    kith(data, fake_bundle, *arguments, "--dry-run")
    assert _files(data) == before
    kith(data, fake_bundle, "enroll", "--collection", "other", people, "--dry-run")
    assert _files(data) == before
    tried = read_report(report)
    kith(data, fake_bundle, *arguments)
    assert tried["counts"] == {"enrolled": 2, "already": 5, "refused": 4, "not_reached": 0}
    assert _decided(tried) == _decided(read_report(report))
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
        put_photo(people, "Ada", f"{shake}.png", picture(1, shake))
    put_photo(people, "Mallory", "1.png", picture(7, 1))
    arguments = ("enroll", "--collection", "hq", people, "--report", report)
    kith(data, fake_bundle, *arguments, "--dry-run")
    tried = read_report(report)
    assert tried["reasons"] == {"face_limit_reached": 2, "looks_like_another_person": 1}
    kith(data, fake_bundle, *arguments)
    assert tried["photos"] == read_report(report)["photos"]


@pytest.mark.parametrize("there", [True, False])
def test_a_strangers_photo_is_reported_and_a_dry_run_knows_it(
    kith: Kith, tmp_path: Path, fake_bundle: Path, there: bool
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    if there:
        with running(Settings(data_dir=data, model=fake_bundle), data) as container:
            make_collection(container, "hq")
    for name, somebody in {"1.png": 1, "2.png": 1, "3.png": 2, "4.png": 1}.items():
        put_photo(people, "Ada", name, picture(somebody, int(name[0])))
    arguments = ("enroll", "--collection", "hq", people, "--report", report)
    assert "Ada/3.png: unlike_the_person: " in kith(data, fake_bundle, *arguments, "--dry-run")
    tried = read_report(report)
    said = kith(data, fake_bundle, *arguments)
    assert "Ada/3.png: unlike_the_person: " in said
    assert tried["photos"] == read_report(report)["photos"]
    (warned,) = [row for row in tried["photos"] if row["warnings"]]
    assert warned["path"] == "Ada/3.png"
    assert warned["warnings"][0]["similarity"] < 0.6


def test_a_run_whose_database_goes_away_ends_and_leaves_its_report(
    kith: Kith, tmp_path: Path, fake_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    for number in range(3):
        put_photo(people, f"p{number}", "1.png", picture(number))

    def lost(self: PersonService, *arguments: object) -> dict[str, str | None]:
        raise DatabaseLost

    with monkeypatch.context() as patched:
        patched.setattr(PersonService, "names", lost)
        said = kith(data, fake_bundle, "enroll", "--collection", "hq", people, "--report", report)
    assert "The database does not answer" in said
    assert said.endswith("[1]")
    assert read_report(report)["ended"] == "failed"
    assert read_report(report)["counts"]["not_reached"] == 3


def test_what_concerns_the_whole_run_is_one_clear_line(
    kith: Kith, tmp_path: Path, fake_bundle: Path
) -> None:
    people, data = tmp_path / "people", tmp_path / "data"
    put_photo(people, "Ada", "1.png", picture(1))
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
    """Eileen Collins in the middle, her face 140 pixels wide, and Grace Hopper, hers 170."""
    eileen, grace = resized(astronaut(), 1.55), admiral()
    canvas = np.full((800, 1820, 3), 128, np.uint8)
    canvas[: eileen.shape[0], 512 : 512 + eileen.shape[1]] = eileen
    canvas[: grace.shape[0], -grace.shape[1] :] = grace
    return encoded(canvas)


@pytest.mark.parametrize("rule", ["only", "largest", "central", "main"])
def test_the_face_that_is_meant_is_enrolled_and_several_are_reported(
    kith: Kith, tmp_path: Path, rule: str
) -> None:
    people, data, report = tmp_path / "people", tmp_path / "data", tmp_path / "report.json"
    put_photo(people, "Grace", "alone.png", encoded(admiral()))
    put_photo(people, "Eileen", "both.png", _two_faces())
    arguments = ("enroll", "--collection", "hq", people, "--report", report, "--subject", rule)
    for also in (("--dry-run",), ()):
        said = kith(data, SHIPPED / "face-mini", *arguments, *also)
        rows = {row["path"]: row for row in read_report(report)["photos"]}
        assert rows["Grace/alone.png"]["outcome"] == "enrolled"
        both = rows["Eileen/both.png"]
        if rule == "only":
            assert (both["outcome"], both["reasons"]) == ("refused", ["multiple_faces"])
            assert "say with `--subject` which" in both["detail"]
            assert said.endswith("[3]")
            continue
        assert both["outcome"] == "enrolled"
        written = next(each for each in both["warnings"] if each["reason"] == "several_faces")
        assert written["faces_found"] == 2
        assert written["detail"].endswith("name it with `--subject`.")
        assert (written["box"]["width"] > 155) == (rule == "largest")
        assert "Eileen/both.png: several_faces: " in said
        assert said.endswith("[0]")


def test_a_rule_that_there_is_not_is_refused(kith: Kith, tmp_path: Path) -> None:
    put_photo(tmp_path / "people", "Grace", "1.png", picture(1))
    arguments = ("enroll", "--collection", "hq", tmp_path / "people", "--subject", "biggest")
    said = kith(tmp_path / "data", SHIPPED / "face-mini", *arguments)
    assert "'only', 'largest', 'central'" in said
    assert said.endswith("[2]")
