"""The tagged directories of TIFF 6.0 and BigTIFF, which EXIF uses too."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.errors import InvalidImage

_ORIENTATION: Final = 0x0112
_MAX_ENTRIES: Final = 4096
_MAX_PAGES: Final = 64
_TYPES: Final = {
    1: "u1", 2: "u1", 3: "u2", 4: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4",
    11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
"""Number types by their code in the standard; 5 and 10 are fractions of two numbers."""
_FRACTIONS: Final = {5: "u4", 10: "i4"}


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    place: int
    """The byte offset of its values in the file."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one page. Values are read from ``data`` when they are asked for."""

    data: bytes
    order: str
    """``<`` or ``>``."""
    entries: Mapping[int, _Entry]

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def numbers(self, tag: int, *, most: int = 1 << 16) -> list[float]:
        """The values of ``tag``; none where it is missing. ``InvalidImage`` where they are not in
        the file, are no numbers, or are more than ``most``.
        """
        entry = self.entries.get(tag)
        if entry is None:
            return []
        if entry.count > most:
            raise InvalidImage(f"The image is corrupt: tag {tag} has {entry.count:,} values.")
        fraction = entry.kind in _FRACTIONS
        name = (_FRACTIONS if fraction else _TYPES).get(entry.kind)
        if name is None:
            raise InvalidImage(f"The image is corrupt: tag {tag} has an unknown type.")
        kind = np.dtype(self.order + name)
        count = entry.count * (2 if fraction else 1)
        stored = self.data[entry.place : entry.place + kind.itemsize * count]
        if len(stored) < kind.itemsize * count:
            raise InvalidImage(f"The image is truncated: the values of tag {tag} are missing.")
        values: list[float] = np.frombuffer(stored, kind).tolist()
        if not fraction:
            return values
        return [a / b if b else 0.0 for a, b in zip(values[::2], values[1::2], strict=True)]

    def integers(self, tag: int, *, most: int = 1 << 16) -> list[int]:
        """``numbers`` of the tag as integers."""
        return [int(value) for value in self.numbers(tag, most=most)]

    def integer(self, tag: int, default: int) -> int:
        """The first value of ``tag``."""
        values = self.integers(tag)
        return values[0] if values else default

    def content(self, tag: int) -> bytes:
        """The bytes of ``tag``."""
        entry = self.entries.get(tag)
        return b"" if entry is None else self.data[entry.place : entry.place + entry.count]


def directories(data: bytes) -> Iterator[Directory]:
    """The pages of a TIFF, first to last; ``InvalidImage`` where there is none."""
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data.ljust(16, b"\0"), 2)[0] == 43
    place = struct.unpack_from(
        order + ("Q" if big else "I"), data.ljust(16, b"\0"), 8 if big else 4
    )[0]
    for _ in range(_MAX_PAGES):
        if place == 0:
            return
        directory, place = _directory(data, order, place, big=big)
        yield directory


def _directory(data: bytes, order: str, place: int, *, big: bool) -> tuple[Directory, int]:
    """The page at ``place`` and where the next is, 0 after the last."""
    number, entry = ("Q", "HHQQ") if big else ("H", "HHII")
    head, size = struct.calcsize(order + number), struct.calcsize(order + entry)
    if place + head > len(data):
        raise InvalidImage("The image is truncated or corrupt: its directory of tags is missing.")
    (count,) = struct.unpack_from(order + number, data, place)
    if count > _MAX_ENTRIES:
        raise InvalidImage(f"The image is corrupt: its directory has {count:,} tags.")
    body = data[place + head : place + head + count * size]
    entries: dict[int, _Entry] = {}
    inline = 8 if big else 4
    for i, (tag, kind, values, value) in enumerate(
        struct.iter_unpack(order + entry, body[: len(body) // size * size])
    ):
        short = values * _width(kind) <= inline
        at = place + head + (i + 1) * size - inline if short else value
        entries.setdefault(tag, _Entry(kind, values, at))
    after = place + head + count * size
    following = data[after : after + inline].ljust(inline, b"\0")
    return Directory(data, order, entries), int.from_bytes(
        following, "little" if order == "<" else "big"
    )


def _width(kind: int) -> int:
    if kind in _FRACTIONS:
        return 8
    return np.dtype(_TYPES.get(kind, "u1")).itemsize


def exif_orientation(exif: bytes) -> int:
    """1 to 8; 1 where EXIF is missing or cannot be read, as readable pixels are worth more."""
    exif = exif.removeprefix(b"Exif\0\0")
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    try:
        first = next(directories(exif), None)
    except InvalidImage:
        return 1
    return 1 if first is None else orientation_of(first)


def orientation_of(directory: Directory) -> int:
    """The orientation, 1 to 8; 1 if the tag is missing or has another value."""
    try:
        value = directory.integer(_ORIENTATION, 1)
    except InvalidImage:
        return 1
    return value if 1 <= value <= 8 else 1
