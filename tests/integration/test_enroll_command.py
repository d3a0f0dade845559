"""``kith enroll``: a folder tree, one folder a person."""

import os
import subprocess
import sys
from pathlib import Path

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
    assert "rename the folder" in said
    assert said.endswith("[1]")
