"""``kith enroll``: a folder tree, one folder a person."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.bootstrap import build
from app.errors import NotFound
from app.gallery.collection_service import CollectionService
from app.gallery.person_service import PersonService
from app.gallery.schemas import NewCollection, NewPerson
from app.settings import Settings
from app.web.idempotency import keep_nothing
from tests.support.pictures import picture

_KITH = (sys.executable, "-c", "from app.cli import main; main()")


def _enroll(folder: Path, data: Path, bundle: Path) -> str:
    done = subprocess.run(
        [*_KITH, "enroll", "--collection", "hq", str(folder)],
        env={**os.environ, "KITH_DATA_DIR": str(data), "KITH_MODEL": str(bundle), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return f"{done.stdout}{done.stderr}[{done.returncode}]"


def _photo(folder: Path, person: str, name: str, data: bytes) -> None:
    (folder / person).mkdir(parents=True, exist_ok=True)
    (folder / person / name).write_bytes(data)


def test_a_folder_is_enrolled_and_a_second_run_goes_on_where_it_stopped(
    tmp_path: Path, fake_bundle: Path
) -> None:
    folder, data = tmp_path / "people", tmp_path / "data"
    _photo(folder, "Ada Lovelace", "1.png", picture(1))
    _photo(folder, "Ada Lovelace", "2.png", picture(1, 1))
    _photo(folder, "Grace Hopper", "1.png", picture(2))
    _photo(folder, "Nobody", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    first = _enroll(folder, data, fake_bundle)
    assert "3 photos enrolled, 0 were already, 1 refused." in first
    assert "Nobody/broken.jpg" in first
    assert "invalid_image" in first
    assert first.endswith("[0]")

    _photo(folder, "Grace Hopper", "2.png", picture(2, 1))
    second = _enroll(folder, data, fake_bundle)
    assert "1 photos enrolled, 3 were already, 1 refused." in second


def test_a_folder_without_photos_is_one_clear_line(tmp_path: Path, fake_bundle: Path) -> None:
    said = _enroll(tmp_path, tmp_path / "data", fake_bundle)
    assert "has no folder with photos in it" in said
    assert "Traceback" not in said
    assert said.endswith("[1]")


def test_two_folders_that_would_be_one_person_are_refused(
    tmp_path: Path, fake_bundle: Path
) -> None:
    folder = tmp_path / "people"
    _photo(folder, "Ada Lovelace", "1.png", picture(1))
    _photo(folder, "Ada+Lovelace", "1.png", picture(2))
    said = _enroll(folder, tmp_path / "data", fake_bundle)
    assert "rename one of them" in said
    assert said.endswith("[1]")


def test_somebody_enrolled_without_photos_is_not_removed_by_unusable_ones(
    tmp_path: Path, fake_bundle: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", model=fake_bundle)
    container = build(settings)
    container.open()
    container.services[CollectionService].create(NewCollection(id="hq"), keep_nothing)
    persons: PersonService = container.services[PersonService]
    persons.create("hq", NewPerson(id="ada", metadata={"badge": 7}), [], keep_nothing)
    _photo(tmp_path / "people", "ada", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    _photo(tmp_path / "people", "nobody", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    said = _enroll(tmp_path / "people", tmp_path / "data", fake_bundle)

    assert "0 photos enrolled, 0 were already, 2 refused." in said
    assert persons.get("hq", "ada").metadata == {"badge": 7}
    with pytest.raises(NotFound):
        persons.get("hq", "nobody")
    container.close()


def test_photos_that_look_like_somebody_else_are_told(tmp_path: Path, fake_bundle: Path) -> None:
    for name, somebody in (("ada", 1), ("bob", 2), ("alias", 1)):
        _photo(tmp_path / "people", name, "1.png", picture(somebody, len(name)))
    said = _enroll(tmp_path / "people", tmp_path / "data", fake_bundle)
    assert "3 photos enrolled, 0 were already, 0 refused." in said
    assert "1 photos look like another person" in said
    assert "alias/1.png" in said or "ada/1.png" in said
