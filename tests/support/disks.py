"""A small disk of a test's own, to be filled up."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.needed import lacking


class SmallDisk:
    """A file system of a few kilobytes or megabytes at ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, *, but: int = 0) -> None:
        """Fill the disk, ``but`` for this many bytes."""
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - any other is raised as it is
            filler.truncate(max(0, filler.tell() - but))

    def make_read_only(self) -> None:
        """Nothing can be written from now on."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """A disk of ``size`` mounted at ``folder`` until the block ends. Where nobody may mount, the
    test is skipped, and fails under CI.
    """
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        why = done.stderr.strip() if done.returncode else None
    except FileNotFoundError as error:
        why = str(error)
    if why is not None:
        lacking(f"no small disk can be mounted, and none filled: {why}")
    try:
        yield SmallDisk(folder)
    finally:
        # At once gone from the tree; freed with the last process that has a file open.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
