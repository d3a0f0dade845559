"""Keeps a gallery on disk, so that a start need not read it from SQL and fuse it again.

A snapshot is disposable: SQL is the source of truth, and a file with any defect is not used. Each
collection has one file: a line that names the format, a line of JSON that describes the rest, the
columns of a ``Delta`` as they are in memory (little-endian), and a SHA-256 of all that. A file is
replaced whole or not at all.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.bundles.contract import Contract
from app.core.files import private_folder, whole_file
from app.decision.fusion import Fused, Vectors
from app.replication.deltas import Delta

_MAGIC: Final = b"kith gallery snapshot 2\n"
_FORMER: Final = b"kith gallery snapshot 1\n"
"""Earlier releases fused templates in float32: their vectors may differ in the last bit from what
SQL leads to, and then so would the cohorts of two replicas."""
_DIGEST: Final = 32
_CHUNK: Final = 1 << 20
_PART: Final = 1 << 14  # people whose vectors are read at once
_VECTORS: Final = "vectors"
_DTYPES: Final = {
    "owners": "<i8",
    "templates": "<i8",
    "valid_from": "<i8",
    "valid_until": "<i8",
    _VECTORS: "<f4",
}


class SnapshotError(Exception):
    """The file cannot be used; the message says why."""


class Superseded(SnapshotError):
    """The file is sound and of no use: of an earlier release, or of another model, because its
    collection was switched to this one since. The next snapshot takes its place.
    """


class Snapshots:
    """The snapshots of one model's galleries in a folder; those of other models are ignored."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self._folder = folder
        self._contract = contract

    def file(self, collection_key: int) -> Path:
        """The path of a collection's snapshot."""
        return self._folder / f"{collection_key}.snapshot"

    def write(
        self, collection_key: int, gallery: Delta, vectors: Iterable[Vectors] | None = None
    ) -> None:
        """Write ``gallery``, a whole delta; after an ``OSError`` the old file is unchanged.

        Where ``vectors`` are given, they are those of all its people, in parts.
        """
        private_folder(self._folder)
        parts = [gallery.people.vectors] if vectors is None else vectors
        with whole_file(self.file(collection_key)) as stream:
            self._write(stream, gallery, parts)

    def read(self, collection_key: int) -> Iterator[Delta]:
        """The gallery that was written, in parts, each a whole delta of some people; none where
        there is no file. ``SnapshotError``, before the first part, says what is wrong with it.
        """
        try:
            with self.file(collection_key).open("rb") as stream:
                yield from self._read(stream)
        except FileNotFoundError:
            return
        except OSError as error:
            raise SnapshotError(f"it cannot be read: {error.strerror}") from None

    def forget(self, collection_key: int) -> None:
        """Delete the snapshot of a deleted collection."""
        with suppress(OSError):
            self.file(collection_key).unlink(missing_ok=True)

    def _write(self, stream: IO[bytes], gallery: Delta, vectors: Iterable[Vectors]) -> None:
        digest = hashlib.sha256()
        for part in self._parts(gallery, vectors):
            digest.update(part)
            stream.write(part)
        stream.write(digest.digest())

    def _parts(self, gallery: Delta, vectors: Iterable[Vectors]) -> Iterator[bytes | memoryview]:
        header = {
            "contract_id": self._contract.id,
            "epoch": gallery.epoch,
            "revision": gallery.revision,
            "persons": len(gallery.people.owners),
            "dimension": self._contract.dimension,
        }
        yield _MAGIC
        yield json.dumps(header).encode() + b"\n"
        for name, column in _columns(gallery).items():
            yield _bytes(np.ascontiguousarray(column, _DTYPES[name]))
        for part in vectors:
            yield _bytes(np.ascontiguousarray(part, _DTYPES[_VECTORS]))

    def _read(self, stream: IO[bytes]) -> Iterator[Delta]:
        header = self._header(stream)
        persons, dimension = header["persons"], self._contract.dimension
        columns = {
            name: _filled(stream, np.empty(persons, dtype))
            for name, dtype in _DTYPES.items()
            if name != _VECTORS
        }
        for start in range(0, max(persons, 1), _PART):
            part = slice(start, min(start + _PART, persons))
            rows = np.empty((part.stop - start, dimension), _DTYPES[_VECTORS])
            vectors = _filled(stream, rows)
            yield Delta(
                epoch=header["epoch"],
                revision=header["revision"],
                whole=True,
                people=Fused(columns["owners"][part], vectors, columns["templates"][part]),
                valid_from=columns["valid_from"][part],
                valid_until=columns["valid_until"][part],
                gone=np.empty(0, np.int64),
            )

    def _header(self, stream: IO[bytes]) -> dict[str, Any]:
        """The header of a file that is as it was written; the stream is then behind it."""
        magic, line = stream.readline(len(_MAGIC)), stream.readline(1 << 16)
        if magic not in (_MAGIC, _FORMER):
            raise SnapshotError("it is of another format")
        try:
            header: dict[str, Any] = json.loads(line)
            stated = header["contract_id"], header["dimension"], header["persons"] >= 0
        except (ValueError, KeyError, TypeError):
            raise SnapshotError("its header is damaged") from None
        size = os.fstat(stream.fileno()).st_size
        other_model = stated != (self._contract.id, self._contract.dimension, True)
        if other_model or magic == _FORMER:
            _check_sum(stream, size)
            raise Superseded(f"it is of {'another model' if other_model else 'an earlier release'}")
        row = sum(np.dtype(dtype).itemsize for dtype in _DTYPES.values())
        row += 4 * (self._contract.dimension - 1)
        if size != len(magic) + len(line) + header["persons"] * row + _DIGEST:
            raise SnapshotError("it is too short or too long")
        _check_sum(stream, size)
        return header


def snapshot_files(folder: Path) -> dict[int, Path]:
    """Every snapshot in ``folder``, of any model, by the key of its collection."""
    found = [file for file in folder.glob("*.snapshot") if file.stem.isdecimal()]
    return {int(file.stem): file for file in sorted(found)}


def _columns(gallery: Delta) -> dict[str, NDArray[Any]]:
    """All but the vectors, in the order of the file."""
    people = gallery.people
    return {
        "owners": people.owners,
        "templates": people.templates,
        "valid_from": gallery.valid_from,
        "valid_until": gallery.valid_until,
    }


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _check_sum(stream: IO[bytes], size: int) -> None:
    """``SnapshotError`` unless the file of this ``size`` has the checksum at its end; the stream is
    then where it was.
    """
    place, digest = stream.tell(), hashlib.sha256()
    stream.seek(0)
    left = size - _DIGEST
    while left > 0 and (piece := stream.read(min(_CHUNK, left))):
        digest.update(piece)
        left -= len(piece)
    if stream.read() != digest.digest():
        raise SnapshotError("its checksum is wrong")
    stream.seek(place)


def _filled(stream: IO[bytes], array: NDArray[Any]) -> NDArray[Any]:
    stream.readinto(_bytes(array))  # type: ignore[attr-defined]
    return array
