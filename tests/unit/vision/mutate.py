"""Damages files as chance and attackers do: bytes, numbers, pieces."""

import random
import struct
from collections.abc import Sequence

_NUMBERS = [0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 65535, 1 << 31, (1 << 32) - 1]


def mutated(source: random.Random, files: Sequence[bytes]) -> bytes:
    """One of ``files``, damaged in one to eight places."""
    data = bytearray(source.choice(files))
    for _ in range(source.choice([1, 1, 2, 4, 8])):
        source.choice(_WAYS)(source, data, files)
    return bytes(data)


def _place(source: random.Random, data: bytearray) -> int:
    """A place, often near the beginning, where the structure is described."""
    reach = source.choice([40, 200, len(data), len(data)])
    return source.randrange(max(1, min(reach, len(data))))


def _byte(source: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[_place(source, data)] = source.randrange(256)


def _bit(source: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[_place(source, data)] ^= 1 << source.randrange(8)


def _number(source: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    kind = source.choice(["<H", ">H", "<I", ">I"])
    most = (1 << 8 * struct.calcsize(kind)) - 1
    field = struct.pack(kind, source.choice(_NUMBERS) & most)
    place = _place(source, data)
    data[place : place + len(field)] = field


def _cut(source: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_place(source, data) :]


def _drop(source: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    place = _place(source, data)
    del data[place : place + source.randrange(1, 40)]


def _repeat(source: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    place = _place(source, data)
    piece = bytes(data[place : place + source.randrange(1, 200)])
    data[place:place] = piece * source.randrange(1, 50)


def _graft(source: random.Random, data: bytearray, files: Sequence[bytes]) -> None:
    other = source.choice(files)
    start = source.randrange(len(other))
    place = _place(source, data)
    data[place:place] = other[start : start + source.randrange(1, 400)]


_WAYS = [_byte, _byte, _bit, _bit, _number, _number, _number, _cut, _drop, _repeat, _graft]
