"""The file of a backup: it comes back as it was, or is said to be odd."""

import json
import resource
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import ArchiveError, InvalidRequest
from app.maintenance.archive import BATCH, Archive, new_archive, opened_archive
from app.maintenance.manifest import CollectionEntry, Contents
from app.web.json_text import parse
from tests.support.services import unwatched

ENTRY = CollectionEntry(id="hq", contract_id="c", revision=3, persons=1, faces=2)
CONTENTS = Contents(
    kith="0.1.0", schema_revision="0001", made_at="2024-05-01", whole=True, collections=[ENTRY]
)
NAMES = ["key", "name"]


def rows(count: int) -> list[dict[str, Any]]:
    return [{"key": key, "name": f"Åda {key}" if key % 2 else None} for key in range(count)]


def written(file: Path, count: int = 3) -> Path:
    with new_archive(file) as writer:
        everybody = rows(count)
        starts = range(0, count, BATCH)
        writer.table("persons", NAMES, [everybody[start : start + BATCH] for start in starts])
        writer.table("keys", ["key"], [])
        writer.finish(CONTENTS)
    return file


def read(file: Path) -> list[dict[str, Any]]:
    with opened_archive(file, unwatched) as archive:
        return [row for batch in archive.batches("persons") for row in batch]


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 1])
def test_rows_come_back_as_they_were(tmp_path: Path, count: int) -> None:
    assert read(written(tmp_path / "kith.zip", count)) == rows(count)


def test_a_value_as_deep_as_the_api_takes_it_comes_back(tmp_path: Path) -> None:
    """The deepest value is the metadata of a form: within a body it is a member already."""
    deep = parse(b"[" * 201 + b"]" * 201)
    with pytest.raises(InvalidRequest, match="recursion limit"):
        parse(b"[" * 202 + b"]" * 202)
    with new_archive(tmp_path / "kith.zip") as writer:
        writer.table("persons", NAMES, [[{"key": 1, "name": deep}]])
        writer.finish(CONTENTS)
    assert read(tmp_path / "kith.zip") == [{"key": 1, "name": deep}]


def test_what_is_in_it_stands_in_the_manifest(tmp_path: Path) -> None:
    with opened_archive(written(tmp_path / "kith.zip", 5), unwatched) as archive:
        manifest = archive.manifest
        assert list(archive.batches("keys")) == list(archive.batches("unheard_of")) == []
    assert manifest.collections == [ENTRY]
    assert (manifest.whole, manifest.rows, manifest.tables["persons"].columns) == (True, 5, NAMES)


def test_memory_holds_one_batch(tmp_path: Path) -> None:
    with opened_archive(written(tmp_path / "kith.zip", BATCH + 1), unwatched) as archive:
        assert [len(batch) for batch in archive.batches("persons")] == [BATCH, 1]


def test_any_tool_can_open_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path / "kith.zip")) as plain:
        assert plain.testzip() is None
        assert json.loads(plain.read("persons.jsonl").splitlines()[1]) == rows(2)[1]
        assert json.loads(plain.read("manifest.json"))["format"] == 1


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = written(tmp_path / "one.zip"), written(tmp_path / "other.zip")
    assert one.read_bytes() == other.read_bytes()


def test_nobody_but_its_owner_may_read_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(written(tmp_path / "kith.zip").stat().st_mode) == 0o600


def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    whole = written(tmp_path / "kith.zip").read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        (tmp_path / "damaged.zip").write_bytes(damaged)
        with pytest.raises(ArchiveError, match="its checksum is wrong"):
            read(tmp_path / "damaged.zip")


@pytest.mark.parametrize("kept", [0, 1, 63, 64, 65, 200, -1])
def test_a_file_cut_short_is_noticed(tmp_path: Path, kept: int) -> None:
    whole = written(tmp_path / "kith.zip").read_bytes()
    (tmp_path / "kith.zip").write_bytes(whole[:kept])
    with pytest.raises(ArchiveError, match="cut short"):
        read(tmp_path / "kith.zip")


def test_a_file_that_goes_on_is_noticed(tmp_path: Path) -> None:
    file = written(tmp_path / "kith.zip")
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(ArchiveError, match="its checksum is wrong"):
        read(file)


def test_a_newer_format_is_named_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.maintenance.archive.FORMAT", 2)
    file = written(tmp_path / "kith.zip")
    monkeypatch.undo()
    with pytest.raises(ArchiveError, match=r"is of format 2, made by Kith 0\.1\.0; .* format 1"):
        read(file)


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file"):
        read(tmp_path / "kith.zip")


def test_what_goes_wrong_while_it_is_read_is_not_taken_for_damage(tmp_path: Path) -> None:
    def fail(archive: Archive) -> None:
        raise KeyError(archive.manifest.kith)

    with pytest.raises(KeyError), opened_archive(written(tmp_path / "k.zip"), unwatched) as archive:
        fail(archive)


def test_a_backup_that_breaks_off_leaves_the_old_one(tmp_path: Path) -> None:
    file = written(tmp_path / "kith.zip")
    before = file.read_bytes()

    def broken() -> Iterator[list[dict[str, Any]]]:
        yield rows(1)
        raise LookupError

    with pytest.raises(LookupError), new_archive(file) as writer:
        writer.table("persons", NAMES, broken())
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


_FULL = """
import os, sys
from pathlib import Path
from app.errors import ArchiveError
from app.maintenance.archive import new_archive

noise = [{"key": key, "name": os.urandom(300).hex()} for key in range(100)]
try:
    with new_archive(Path(sys.argv[1])) as writer:
        writer.table("persons", ["key", "name"], (noise for _ in range(100)))
except ArchiveError as error:
    print(error.detail)
"""


def test_a_disk_that_fills_up_leaves_no_file(tmp_path: Path) -> None:
    """The limit is the process's own: no file may grow beyond 256 KiB."""
    said = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "kith.zip")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18)),
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    assert "kith.zip cannot be written: File too large" in said.stdout
    assert said.stderr == ""
    assert list(tmp_path.iterdir()) == []
