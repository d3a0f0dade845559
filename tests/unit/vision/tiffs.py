"""TIFF files written tag by tag: any depth, layout and byte order."""

import lzma
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass
class Tiff:
    """How ``samples`` (height, width, channels) are to be written."""

    samples: Samples
    bits: int
    photometric: int = 1
    order: str = "<"
    big: bool = False
    compression: int = 1
    predictor: int = 1
    planar: bool = False
    rows: int | None = None
    tile: tuple[int, int] | None = None
    fill_order: int = 1
    tags: dict[int, tuple[int, list[int]]] = field(default_factory=dict)
    """Further tags, or others: their type and values. An empty list leaves a tag out."""

    def written(self) -> bytes:
        """The file."""
        blocks = [self._stored(block) for block in self._blocks()]
        return tiff(self._tags(), blocks, tiled=bool(self.tile), order=self.order, big=self.big)

    def _tags(self) -> dict[int, tuple[int, list[int]]]:
        height, width, channels = self.samples.shape
        kind = {"u": 1, "i": 2, "f": 3}[self.samples.dtype.kind]
        tags: dict[int, tuple[int, list[int]]] = {
            256: (4, [width]),
            257: (4, [height]),
            258: (3, [self.bits] * channels),
            259: (3, [self.compression]),
            262: (3, [self.photometric]),
            277: (3, [channels]),
            339: (3, [kind] * channels),
        }
        if self.tile:
            tags |= {322: (4, [self.tile[0]]), 323: (4, [self.tile[1]])}
        elif self.rows:
            tags[278] = 3, [self.rows]
        optional = {284: 2 * self.planar, 317: self.predictor, 266: self.fill_order}
        tags |= {tag: (3, [value]) for tag, value in optional.items() if value > 1}
        return tags | self.tags

    def _blocks(self) -> list[Samples]:
        count = self.samples.shape[2] if self.planar else 1
        planes = np.split(self.samples, count, axis=2)
        return [block for plane in planes for block in self._cut(plane)]

    def _cut(self, plane: Samples) -> list[Samples]:
        height, width = plane.shape[:2]
        if not self.tile:
            rows = self.rows or height
            return [plane[top : top + rows] for top in range(0, height, rows)]
        across, down = self.tile
        padded = np.pad(plane, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
        return [
            padded[top : top + down, left : left + across]
            for top in range(0, height, down)
            for left in range(0, width, across)
        ]

    def _stored(self, block: Samples) -> bytes:
        packed = _COMPRESSIONS[self.compression](self._bytes(block))
        return packed.translate(_REVERSED) if self.fill_order == 2 else packed

    def _bytes(self, block: Samples) -> bytes:
        if self.bits % 8 or self.bits == 24:
            return b"".join(_packed(row.ravel().tolist(), self.bits, self.order) for row in block)
        size, kind = self.bits // 8, self.samples.dtype.kind
        if self.predictor == 3:
            return b"".join(_apart(row, size) for row in block)
        stored = block.astype(f"{kind}{size}")
        if self.predictor == 2:
            whole = stored.view(f"u{size}")
            before = np.concatenate([np.zeros_like(whole[:, :1]), whole[:, :-1]], axis=1)
            differences: Samples = whole - before
            return differences.astype(f"{self.order}u{size}").tobytes()
        return stored.astype(f"{self.order}{kind}{size}").tobytes()


def _packed(values: list[int], bits: int, order: str) -> bytes:
    if bits == 24:
        side = "little" if order == "<" else "big"
        return b"".join(value.to_bytes(3, side) for value in values)  # type: ignore[arg-type]
    text = "".join(f"{value:0{bits}b}" for value in values)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _apart(row: Samples, size: int) -> bytes:
    """A row of floats by predictor 3: the first bytes of all, then the second; differences."""
    channels = row.shape[-1]
    bytes_of_each = np.frombuffer(row.astype(f">f{size}").tobytes(), np.uint8).reshape(-1, size)
    apart = bytes_of_each.T.reshape(-1, channels).astype(np.int64)
    before = np.concatenate([np.zeros((1, channels), np.int64), apart[:-1]])
    differences: Samples = (apart - before) % 256
    return differences.astype(np.uint8).tobytes()


def _literal_runs(content: bytes) -> bytes:
    pieces = [content[i : i + 128] for i in range(0, len(content), 128)]
    return b"".join(bytes((len(piece) - 1,)) + piece for piece in pieces)


def _nine_bit_codes(content: bytes) -> bytes:
    """LZW without a dictionary: it is cleared before codes could grow to ten bits."""
    codes = []
    for i, byte in enumerate(content):
        codes += [256] * (i % 200 == 0) + [byte]
    return _packed([*codes, 257], 9, ">")


_COMPRESSIONS: dict[int, Callable[[bytes], bytes]] = {
    1: bytes,
    5: _nine_bit_codes,
    8: zlib.compress,
    32773: _literal_runs,
    32946: zlib.compress,
    34925: lzma.compress,
}


def tiff(
    tags: dict[int, tuple[int, list[int]]],
    blocks: list[bytes],
    *,
    tiled: bool = False,
    order: str = "<",
    big: bool = False,
    after: int = 0,
) -> bytes:
    """A file of one page. ``after`` is where the next page is."""
    head = 16 if big else 8
    lengths = [len(block) for block in blocks]
    starts = list(accumulate(lengths[:-1], initial=head))
    offsets, counts = (324, 325) if tiled else (273, 279)
    tags = {offsets: (4, starts), counts: (4, lengths)} | tags
    tags = {tag: value for tag, value in tags.items() if value[1]}
    body = b"".join(blocks)
    place = head + len(body)
    start = (43, 8, 0, place) if big else (42, place)
    mark = b"II" if order == "<" else b"MM"
    mark += struct.pack(order + ("HHHQ" if big else "HI"), *start)
    return mark + body + directory(tags, place, order=order, big=big, after=after)


def directory(
    tags: dict[int, tuple[int, list[int]]],
    place: int,
    *,
    order: str = "<",
    big: bool = False,
    after: int = 0,
) -> bytes:
    """The tags of a page that begins at ``place``."""
    number, word, inline = ("Q", "Q", 8) if big else ("H", "I", 4)
    codes = {1: "B", 2: "B", 3: "H", 4: "I", 5: "I", 7: "B", 16: "Q"}
    size = 4 + 2 * struct.calcsize(order + word)
    far = place + struct.calcsize(order + number) + size * len(tags) + inline
    entries, extra = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        content = struct.pack(f"{order}{len(values)}{codes[kind]}", *values)
        count = len(values) // (2 if kind == 5 else 1)
        entries += struct.pack(order + "HH" + word, tag, kind, count)
        if len(content) <= inline:
            entries += content.ljust(inline, b"\0")
        else:
            entries += struct.pack(order + word, far + len(extra))
            extra += content
    return (
        struct.pack(order + number, len(tags)) + entries + struct.pack(order + word, after) + extra
    )
