"""Files that are there whole or not at all."""

import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

_LEFT_SECONDS: Final = 3600


@contextmanager
def whole_file(file: Path) -> Iterator[IO[bytes]]:
    """Write ``file`` beside its place, sync it, then rename it over what is there.

    Only its owner may read it, for these files hold templates. Whatever goes wrong leaves the old
    file as it was, and nothing of the new one.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    _drop_leftovers(file)
    try:
        with _private(part) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
        sync(file.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _drop_leftovers(file: Path) -> None:
    """What a process that was killed had begun; whoever still writes has just done so."""
    for left in file.parent.glob(f".{glob.escape(file.name)}.*.part"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink()


def _private(file: Path) -> IO[Any]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w+b")


def sync(path: Path) -> None:
    """Have a file, or a folder's renames, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
