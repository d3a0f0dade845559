"""Writes files and folders completely or not at all, readable by their owner only.

They hold templates, names and keys, so a file is made with mode 0600 and a folder with 0700,
whatever the umask. Unfinished files are removed after an error, and when a signal ends the process.
"""

import errno
import glob
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Final

from app.core.interrupts import undone_by

_LEFT_SECONDS: Final = 3600
_FILE: Final = 0o600
_FOLDER: Final = 0o700


@contextmanager
def whole_file(file: Path) -> Iterator[IO[bytes]]:
    """Write a temporary file in the folder of ``file``, sync it, then rename it to ``file``.

    Whatever goes wrong leaves the old file as it was, and nothing of the new one. A file that is
    replaced loses its mode: only its owner may read the new one, unless the block changes that.
    """
    _check_replaceable(file)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    _drop_leftovers(file)
    with removed_if_unfinished(part), new_private_file(part) as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        part.replace(file)
        sync(file.parent)


def write_whole(file: Path, text: str) -> None:
    """``text`` as UTF-8 in ``file``, or the old file as it was."""
    with whole_file(file) as stream:
        stream.write(text.encode())


def try_to_write(file: Path) -> None:
    """``OSError`` if ``whole_file`` could not write ``file``; call it before any long work."""
    _check_replaceable(file)
    with tempfile.TemporaryFile(dir=file.parent):
        pass


def _check_replaceable(file: Path) -> None:
    """Refuse to replace a device: a rename over ``/dev/null`` would remove it from the machine."""
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is a folder, a device or a pipe, and no file", str(file))


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """A folder next to ``target``, to fill and rename to it; removed after the block."""
    folder = target.with_name(f"{_temporary_prefix(target)}{secrets.token_hex(4)}")
    with undone_by(partial(_remove, folder)):
        try:
            folder.mkdir(mode=_FOLDER)
            yield folder
        finally:
            _remove(folder)


def drop_temporary_folders(target: Path) -> None:
    """Remove what killed processes left of ``temporary_folder``; for one who is alone at it."""
    name = re.compile(rf"{re.escape(_temporary_prefix(target))}[0-9a-f]{{8}}")
    for left in target.parent.iterdir():
        if name.fullmatch(left.name):
            _remove(left)


def _temporary_prefix(target: Path) -> str:
    return f".{target.name}-"


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make ``folder`` for the block; if the block fails, remove it and the parents that were made.

    One that is there already is the user's: it keeps its mode, and whatever was in it.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    with undone_by(partial(_remove_made, missing)):
        try:
            if missing:
                folder.parent.mkdir(parents=True, exist_ok=True)
                folder.mkdir(mode=_FOLDER, exist_ok=True)
            yield
        except BaseException:
            _remove_made(missing)
            raise


@contextmanager
def removed_if_unfinished(path: Path) -> Iterator[None]:
    """A file or folder that the block makes; it is removed if the block fails."""
    with undone_by(partial(_remove, path)):
        try:
            yield
        except BaseException:
            _remove(path)
            raise


def new_private_file(file: Path) -> IO[bytes]:
    """A file that is made now, in place of one that is there, open for reading and writing."""
    file.unlink(missing_ok=True)  # what a dead process of the same number left may be another's
    return private_file(file, os.O_EXCL)


def private_file(file: Path, flags: int = 0) -> IO[bytes]:
    """``file``, made where there is none, open for reading and writing."""
    return os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | flags, _FILE), "r+b")


def private_folder(folder: Path) -> None:
    """Make ``folder`` if missing, and let only its owner use it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=_FOLDER, exist_ok=True)
    make_private(folder)


def make_all_private(folder: Path) -> bool:
    """``make_private`` of ``folder`` and all that is in it, where it is there."""
    found = [folder]
    for where, folders, files in os.walk(folder):
        found += [Path(where, name) for name in (*folders, *files)]
    return not [path for path in found if not make_private(path)]


def make_private(path: Path) -> bool:
    """Take the rights of others on a file or folder; whether nobody else has any.

    They stay if the path is another user's, and on a folder that is everybody's, like ``/tmp``: an
    operator who names it as a folder of Kith does not mean to lock others out. A link is left
    alone, because its target may not be Kith's.
    """
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return True
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077 and not mode & stat.S_ISVTX:
            path.chmod(mode & (_FOLDER if stat.S_ISDIR(found.st_mode) else _FILE))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not mode & stat.S_ISVTX


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _remove_made(folders: list[Path]) -> None:
    """Remove the first folder with all its content, and its parents if they are empty."""
    for folder in folders[:1]:
        _remove(folder)
    for parent in folders[1:]:
        with suppress(OSError):
            parent.rmdir()


def _drop_leftovers(file: Path) -> None:
    """Delete temporary files of killed processes. A recently changed one is still being written
    and stays.
    """
    for left in file.parent.glob(f".{glob.escape(file.name)}.*.part"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink()


def sync(path: Path) -> None:
    """Write a file, or a folder's renames, to disk, so that they survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def why_no_files_in(folder: Path) -> str | None:
    """The reason why this process cannot make files in ``folder``, or ``folder`` itself, with
    advice; None if it can.
    """
    there = folder
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if there.is_symlink() and not os.path.exists(there):  # noqa: PTH110 - also without permission
        return f"{str(there)!r} is a symbolic link to nothing. Correct it."
    if not os.path.isdir(there):  # noqa: PTH112 - also without permission
        return f"{str(there)!r} is not a folder. Move it away, or name another place."
    return why_denied(there)


def why_denied(path: Path) -> str | None:
    """The reason why this process cannot write the file or folder ``path``; None if it can."""
    needed = os.W_OK | (os.X_OK if path.is_dir() else os.R_OK)
    if os.access(path, needed, effective_ids=os.access in os.supports_effective_ids):
        return None
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{str(path)!r} is on a read-only file system. Name another place."
    found = path.stat()
    return (
        f"{str(path)!r} belongs to user {found.st_uid} (mode {stat.S_IMODE(found.st_mode):04o}), "
        f"and this process, user {os.geteuid()}, may not write there. Give it to that user "
        "(chown), or name another place."
    )
