"""Reads and writes the file of a backup: a zip of one JSON-lines member for each table and of
``manifest.json``.

Any tool can open it; docs/backup.md describes the format. The zip's comment is the SHA-256 of all
bytes before it, so that any damage is detected. This module knows no SQL.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from io import BufferedReader, RawIOBase
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, cast

from app.core.files import whole_file
from app.errors import ArchiveError
from app.maintenance.manifest import Contents, Manifest, TableEntry

FORMAT: Final = 1
BATCH: Final = 1000
"""Rows in memory at once."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_MANIFEST: Final = "manifest.json"
_SEAL: Final = 64
_CHUNK: Final = 1 << 20
_FASTEST: Final = 1  # templates compress no better at a higher level, which takes longer

Row = dict[str, Any]
Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Called with the total number of rows; gives a function to call with the number of rows done."""


class ArchiveWriter:
    """Writes tables one after the other; memory holds one batch of rows."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_FASTEST)
        self._tables: dict[str, TableEntry] = {}

    def table(
        self, name: str, columns: Sequence[str], batches: Iterable[Sequence[Mapping[str, Any]]]
    ) -> None:
        """Write a table, whose values are JSON values."""
        digest, rows = hashlib.sha256(), 0
        with self._zip.open(_member(name), "w", force_zip64=True) as out:
            for batch in batches:
                lines = "".join(f"{_JSON.encode(row)}\n" for row in batch).encode()
                digest.update(lines)
                out.write(lines)
                rows += len(batch)
        self._tables[name] = TableEntry(columns=list(columns), rows=rows, sha256=digest.hexdigest())

    def finish(self, contents: Contents) -> Manifest:
        """Write the manifest and end the zip, with space for its seal."""
        manifest = Manifest(**contents.model_dump(), format=FORMAT, tables=self._tables)
        with self._zip.open(_MANIFEST, "w") as out:
            out.write(manifest.model_dump_json(indent=2).encode())
        self._zip.comment = b"0" * _SEAL
        self._zip.close()
        return manifest

    def close(self) -> None:
        """Close the zip, also after an error, so that it does not write to a closed stream."""
        with suppress(OSError, ValueError):
            self._zip.close()


class Archive:
    """An archive whose checksums were verified."""

    def __init__(self, zipped: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = zipped
        self.manifest = manifest

    def batches(self, table: str) -> Iterator[list[Row]]:
        """Batches of a table's rows, in the order of their keys; none where there is no table."""
        if table not in self.manifest.tables:
            return
        with BufferedReader(cast("RawIOBase", self._zip.open(_member(table))), _CHUNK) as lines:
            while batch := list(islice(lines, BATCH)):
                # Not pydantic's parser: within a row it reads no value as deep as the API takes it.
                yield json.loads(b"[%b]" % b",".join(batch))


@contextmanager
def new_archive(file: Path) -> Iterator[ArchiveWriter]:
    """Write ``file`` whole or not at all; ``ArchiveError`` where it cannot be written."""
    try:
        with whole_file(file) as stream, archive_on(stream) as writer:
            yield writer
    except OSError as error:
        raise ArchiveError(
            f"{file} cannot be written: {error.strerror}. No part of it was kept."
        ) from None


@contextmanager
def archive_on(stream: IO[bytes]) -> Iterator[ArchiveWriter]:
    """Write an archive on an empty ``stream``, which is at its end afterwards."""
    writer = ArchiveWriter(stream)
    try:
        yield writer
        stream.write(_digest(stream))
    finally:
        writer.close()


@contextmanager
def opened_archive(file: Path, progress: Progress) -> Iterator[Archive]:
    """Verify every byte of ``file``, then give its content; ``ArchiveError`` where it is damaged or
    no backup.
    """
    try:
        stream = file.open("rb")
    except OSError as error:
        raise ArchiveError(f"{file} cannot be read: {error.strerror}.") from None
    with stream:
        yield _verified(file, stream, progress)


def _member(table: str) -> str:
    return f"{table}.jsonl"


def _digest(stream: IO[bytes]) -> bytes:
    """The SHA-256 of all bytes before the seal, in hex; the stream is then at the seal."""
    left = stream.seek(0, 2) - _SEAL
    stream.seek(0)
    digest = hashlib.sha256()
    while left > 0:
        chunk = stream.read(min(left, _CHUNK))
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest().encode()


def _verified(file: Path, stream: IO[bytes], progress: Progress) -> Archive:
    """Verify the seal and every member. A file with a right seal and another defect was not made
    by ``ArchiveWriter``.
    """
    try:
        if _digest(stream) != stream.read(_SEAL):
            raise ArchiveError(
                f"{file} is damaged, cut short, or no backup of Kith: its checksum is wrong. Take "
                "another copy of it."
            )
        zipped = zipfile.ZipFile(stream)
        manifest = _manifest(file, zipped.read(_MANIFEST))
        with progress(manifest.rows) as step:
            for name, entry in manifest.tables.items():
                if _sum(zipped, name) != entry.sha256:
                    raise ArchiveError(f"{file} is damaged: {_member(name)} has another checksum.")
                step(entry.rows)
    except OSError as error:
        raise ArchiveError(f"{file} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError):
        raise ArchiveError(f"{file} is no backup of Kith.") from None
    return Archive(zipped, manifest)


def _manifest(file: Path, text: bytes) -> Manifest:
    found = json.loads(text)
    if found["format"] != FORMAT:
        raise ArchiveError(
            f"{file} is of format {found['format']}, made by Kith {found['kith']}; this Kith reads "
            f"format {FORMAT}. Use that Kith or a newer one."
        )
    return Manifest.model_validate(found)


def _sum(zipped: zipfile.ZipFile, table: str) -> str:
    digest = hashlib.sha256()
    with zipped.open(_member(table)) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
