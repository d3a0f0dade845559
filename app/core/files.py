"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def whole_file(file: Path) -> Iterator[IO[bytes]]:
    """Write ``file`` beside its place, sync it, then rename it over what is there.

    Only its owner may read it, for these files hold templates. Whatever goes wrong leaves the old
    file as it was, and nothing of the new one.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with _private(part) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
        _sync_folder(file.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _private(file: Path) -> IO[Any]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w+b")


def _sync_folder(folder: Path) -> None:
    """The rename itself must survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
