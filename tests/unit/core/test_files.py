"""A file is there whole or not at all, and nothing is left of what was not."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from app.core.files import try_to_write, whole_file


def test_until_it_is_whole_the_old_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    with whole_file(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("named", ["pipe", "link"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, named: str) -> None:
    """``/dev/null`` and ``/dev/stdout`` are the whole machine's; only root could replace them."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")

    def write() -> None:
        with whole_file(tmp_path / named):
            raise AssertionError

    for attempt in (write, partial(try_to_write, tmp_path / named)):
        with pytest.raises(OSError, match=f"a device or a pipe.*{named}"):
            attempt()
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        with whole_file(tmp_path / "file") as stream:
            stream.write(b"half")
            raise LookupError

    with pytest.raises(LookupError):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_another_writes_stays(tmp_path: Path) -> None:
    left, written, of_another = (
        tmp_path / f".{name}.part" for name in ("[f].1", "[f].2", "other.1")
    )
    for file in (left, written, of_another):
        file.write_bytes(b"half")
    long_ago = time.time() - 2 * 3600
    for file in (left, of_another):
        os.utime(file, (long_ago, long_ago))
    with whole_file(tmp_path / "[f]") as stream:
        stream.write(b"whole")
    assert {file.name for file in tmp_path.iterdir()} == {"[f]", written.name, of_another.name}
