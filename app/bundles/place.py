"""The folder of a bundle: one process writes it at a time, and replaces it whole."""

import fcntl
import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app.bundles.contract import EMBEDDING_PATH
from app.bundles.manifest import (
    MANIFEST,
    OTHERS,
)
from app.core.files import drop_temporary_folders, private_file, sync
from app.core.interrupts import held_back
from app.errors import BundleError

_FILES: Final = EMBEDDING_PATH | OTHERS | {MANIFEST}
_OLD: Final = "old"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock on the bundle in ``folder``; the system releases it when the process ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with private_file(folder.parent / f".{folder.name}.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():  # what ``replace`` was about to
            for old in folder.parent.glob(f".{glob.escape(folder.name)}-????????/{_OLD}"):
                old.rename(folder)
                break
        drop_temporary_folders(folder)
        yield


def check_place(folder: Path) -> None:
    """``BundleError`` where ``folder`` holds files that are no bundle, not even a broken one: a new
    bundle would replace all of them.
    """
    there = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    if MANIFEST not in there and (others := sorted(there - _FILES)):
        raise BundleError(
            f"{folder} holds {others[0]!r} and no bundle, and all of it would be lost; name a "
            "folder that is empty or not there."
        )


def replace(made: Path, folder: Path, temporary: Path) -> None:
    """Put ``made`` in place of ``folder`` by two renames. A crash between them leaves no bundle,
    never a part of one; the next ``alone`` puts the old one back.
    """
    old = temporary / _OLD
    with held_back():
        if folder.exists():
            folder.rename(old)
        try:
            made.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    sync(folder.parent)
