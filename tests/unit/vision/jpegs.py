"""A JPEG encoder that is as plain as can be: every block of 8 x 8 samples has one value.

So what a decoder must show is known without another decoder.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DC_LUMINANCE = [2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9]
_DC_CHROMINANCE = [2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
"""How many bits the codes of T.81 K.3.1 have, by the size of the difference."""
_END_OF_BLOCK = ("1010", "00")
"""In T.81 K.3.2."""
_PLAIN = [4] * 12


@dataclass(frozen=True)
class Component:
    """Sampling factors, and the value of each block (rows, columns), whole units of the scan."""

    across: int
    down: int
    blocks: NDArray[np.int64]
    name: int


def segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


ADOBE = [segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes((transform,))) for transform in range(3)]
JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def _codes(lengths: Sequence[int]) -> list[str]:
    """The code of each size, as T.81 C.2 counts them out."""
    codes, code, length = {}, 0, 0
    for size in sorted(range(len(lengths)), key=lambda size: (lengths[size], size)):
        code <<= lengths[size] - length
        length = lengths[size]
        codes[size] = f"{code:0{length}b}"
        code += 1
    return [codes[size] for size in range(len(lengths))]


def _table(kind: int, lengths: Sequence[int]) -> bytes:
    sizes = sorted(range(len(lengths)), key=lambda size: (lengths[size], size))
    counts = bytes(sum(length == bits for length in lengths) for bits in range(1, 17))
    return segment(0xC4, bytes((kind,)) + counts + bytes(sizes))


def jpeg(
    width: int,
    height: int,
    components: Sequence[Component],
    *,
    head: Sequence[bytes] = (),
    restart: int = 0,
    standard_tables: bool = False,
    process: int = 0xC0,
    precision: int = 8,
) -> bytes:
    """A whole file. With ``standard_tables`` they are used and left out, as MJPEG does."""
    parts = [b"\xff\xd8", *head, segment(0xDB, b"\0" + b"\1" * 64)]
    frame = struct.pack(">BHHB", precision, height, width, len(components))
    scan = bytes((len(components),))
    for i, each in enumerate(components):
        frame += bytes((each.name, each.across << 4 | each.down, 0))
        tables = 0x11 if standard_tables and i else 0
        scan += bytes((each.name, tables))
    parts.append(segment(process, frame))
    if not standard_tables:
        parts += [_table(0, _PLAIN), segment(0xC4, b"\x10\1" + bytes(15) + b"\0")]
    if restart:
        parts.append(segment(0xDD, struct.pack(">H", restart)))
    parts += [segment(0xDA, scan + b"\0\x3f\0"), _scan(components, restart, standard_tables)]
    return b"".join(parts) + b"\xff\xd9"


def _scan(components: Sequence[Component], restart: int, standard: bool) -> bytes:
    first = components[0]
    rows, columns = first.blocks.shape[0] // first.down, first.blocks.shape[1] // first.across
    pieces, bits, before = [], "", [0] * len(components)
    for unit in range(rows * columns):
        if restart and unit and unit % restart == 0:
            pieces += [_stuffed(bits), bytes((0xFF, 0xD0 + (unit // restart - 1) % 8))]
            bits, before = "", [0] * len(components)
        row, column = divmod(unit, columns)
        for i, each in enumerate(components):
            across, down = (each.across, each.down) if len(components) > 1 else (1, 1)
            block = each.blocks[
                row * down : (row + 1) * down, column * across : (column + 1) * across
            ]
            for value in block.ravel().tolist():
                level = 8 * (value - 128)
                bits += _difference(level - before[i], i, standard)
                before[i] = level
    return b"".join([*pieces, _stuffed(bits)])


def _difference(difference: int, component: int, standard: bool) -> str:
    size = abs(difference).bit_length()
    rest = difference if difference > 0 else difference + (1 << size) - 1
    lengths = (_DC_CHROMINANCE if component else _DC_LUMINANCE) if standard else _PLAIN
    end = _END_OF_BLOCK[component > 0] if standard else "0"
    return _codes(lengths)[size] + (f"{rest:0{size}b}" if size else "") + end


def _stuffed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
