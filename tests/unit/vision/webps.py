"""A lossless WebP that is small and wants much memory: as many sets of codes as there can be."""

import struct

import numpy as np

_CODE_LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
_SETS = 65_536


class _Bits:
    def __init__(self) -> None:
        self._bits: list[int] = []

    def put(self, value: int, count: int) -> None:
        self._bits += [value >> i & 1 for i in range(count)]

    def put_byte_code(self, value: int) -> None:
        """A code of eight bits, whose highest comes first."""
        self._bits += [value >> i & 1 for i in range(7, -1, -1)]

    def content(self) -> bytes:
        return np.packbits(np.array(self._bits, np.uint8), bitorder="little").tobytes()


def _one_symbol(bits: _Bits) -> None:
    """A code of the single symbol 0, which takes no bits."""
    bits.put(1, 4)


def _all_bytes(bits: _Bits, alphabet: int) -> None:
    """A code in which each byte has eight bits (RFC 9649, section 6.2.1)."""
    lengths = {0: 1, 8: 1}
    used = _CODE_LENGTH_ORDER[: max(map(_CODE_LENGTH_ORDER.index, lengths)) + 1]
    bits.put(0, 1)
    bits.put(len(used) - 4, 4)
    for symbol in used:
        bits.put(lengths.get(symbol, 0), 3)
    bits.put(0, 1)
    for symbol in range(alphabet):
        bits.put(symbol < 256, 1)


def webp_of_many_codes(side: int = 1024) -> bytes:
    """A black picture of ``side`` x ``side``; each 4 x 4 pixels have codes of their own."""
    bits = _Bits()
    bits.put(0x2F, 8)
    bits.put(side - 1, 14)
    bits.put(side - 1, 14)
    bits.put(0, 1 + 3 + 1 + 1)  # no transparency, version 0, no transform, no colour cache
    bits.put(1, 1)  # several sets of codes
    bits.put(0, 3)  # for tiles of 4 x 4
    bits.put(0, 1)
    _all_bytes(bits, 280)
    _all_bytes(bits, 256)
    for _ in range(3):
        _one_symbol(bits)
    for tile in range((side // 4) ** 2):
        bits.put_byte_code(tile % _SETS & 255)
        bits.put_byte_code(tile % _SETS >> 8)
    for _ in range(5 * min(_SETS, (side // 4) ** 2)):
        _one_symbol(bits)
    body = bits.content() + bytes(8)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk
