"""The chunks of a PNG file: what is read of them, and a file with the chunks that Pillow needs.

Ancillary chunks with a wrong checksum are left out, as libpng does, and what follows the pixel
data may be missing.
"""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Final

from app.errors import InvalidImage

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 20_000
"""10 MiB in chunks of 8 KiB, as libpng writes them, are 1,300."""


@dataclass(slots=True)
class Chunks:
    """A file's header and pixel data, and the ancillary chunks before them."""

    header: bytes = b""
    pixels: list[bytes] = field(default_factory=list)
    others: dict[bytes, bytes] = field(default_factory=dict)


def walk(data: bytes) -> Chunks:
    """Read the chunks up to the first after the pixel data."""
    chunks, place, count = Chunks(), len(_SIGNATURE), 0
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        count += 1
        if count > _MAX_CHUNKS:
            raise InvalidImage(f"The PNG has more than {_MAX_CHUNKS:,} chunks.")
        if chunks.pixels and name != b"IDAT":
            break
        body = data[place + 8 : place + 8 + length]
        _take(chunks, name, body, whole=_checksum_fits(data, place, length))
        place += length + 12
    if not chunks.header or not chunks.pixels:
        raise InvalidImage("The PNG is truncated or corrupt: it has no header or no pixels.")
    return chunks


def _checksum_fits(data: bytes, place: int, length: int) -> bool | None:
    """None where the file ends before the checksum."""
    stored = data[place + 8 + length : place + 12 + length]
    if len(stored) < 4:
        return None
    return zlib.crc32(data[place + 4 : place + 8 + length]) == int.from_bytes(stored, "big")


def _take(chunks: Chunks, name: bytes, body: bytes, *, whole: bool | None) -> None:
    critical = not name[0] & 0x20
    if critical and whole is False:
        raise InvalidImage(f"The PNG is corrupt: the checksum of its {_text(name)} is wrong.")
    if not chunks.header and name != b"IHDR":
        raise InvalidImage("The PNG is corrupt: it does not begin with its header.")
    if name == b"IHDR":
        chunks.header = body
    elif name == b"IDAT":
        chunks.pixels.append(body)
    elif name == b"PLTE" or (whole and not critical):
        chunks.others.setdefault(name, body)


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def written(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG file of chunks, each a name and a body."""
    pieces = [_SIGNATURE]
    for name, body in parts:
        checksum = zlib.crc32(body, zlib.crc32(name))
        pieces += [struct.pack(">I", len(body)), name, body, struct.pack(">I", checksum)]
    return b"".join(pieces)
