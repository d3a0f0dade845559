"""Small files that would cost much work or memory: each within the limits of bytes."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from tests.unit.vision.files import png_file, saved
from tests.unit.vision.jpegs import Component, jpeg
from tests.unit.vision.tiffs import tiff
from tests.unit.vision.webps import webp_of_many_codes

WIDTH, HEIGHT = 2500, 1600
PIXELS = WIDTH * HEIGHT
"""The pixels of the largest picture that the tests' limits allow."""


def _png(depth: int, colour: int, row: bytes, *, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, interlaced)
    pixels = zlib.compress(row * HEIGHT, 9)
    return png_file((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))


def _tiff(
    bits: int,
    channels: int,
    photometric: int,
    kind: int = 1,
    height: int = HEIGHT,
    **more: tuple[int, list[int]],
) -> bytes:
    size = (WIDTH * channels * bits + 7) // 8 * height
    tags: dict[int, tuple[int, list[int]]] = {
        256: (4, [WIDTH]),
        257: (4, [height]),
        258: (3, [bits] * channels),
        259: (3, [8]),
        262: (3, [photometric]),
        277: (3, [channels]),
        339: (3, [kind] * channels),
    }
    tags |= {int(tag[1:]): value for tag, value in more.items()}
    return tiff(tags, [zlib.compress(b"\1" * size, 9)])


def _tiles(compression: int, block: bytes, count: int) -> bytes:
    """Tiles of 16 x 16 grey pixels, 64 across."""
    tags: dict[int, tuple[int, list[int]]] = {
        256: (4, [1024]), 257: (4, [count // 64 * 16]), 258: (3, [8]), 259: (3, [compression]),
        262: (3, [1]), 277: (3, [1]), 322: (4, [16]), 323: (4, [16]),
    }  # fmt: skip
    return tiff(tags, [block] * (count // 64 * 64), tiled=True)


def _dots(count: int) -> bytes:
    """Tiles of one pixel, which all lie in the same place of the file."""
    tags: dict[int, tuple[int, list[int]]] = {
        256: (4, [1000]), 257: (4, [count // 1000]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]),
        277: (3, [1]), 322: (4, [1]), 323: (4, [1]), 324: (4, [8] * count), 325: (4, [1] * count),
    }  # fmt: skip
    return tiff(tags, [b"\0"], tiled=True)


def _scans(count: int) -> bytes:
    data = saved(Image.new("RGB", (WIDTH, HEIGHT), (90, 60, 30)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count


def _run_lengths() -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, 0, 0, 0, 0, 0)
    return (
        b"BM" + struct.pack("<III", 0, 0, 54 + 1024) + header + bytes(1024) + b"\0\2\xff\xff" * 40
    )


def hostile_files() -> dict[str, bytes]:
    """By what they try."""
    flat = Image.new("RGB", (WIDTH, HEIGHT), (90, 60, 30))
    clear = Image.new("RGBA", (WIDTH, HEIGHT), (90, 60, 30, 200))
    one_block = jpeg(16, 16, [Component(1, 1, np.zeros((2, 2), np.int64), 1)])
    tiny = (b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))
    slim = (b"IHDR", struct.pack(">IIBBBBB", 1, PIXELS, 8, 2, 0, 0, 0))
    return {
        "BMP of run lengths": _run_lengths(),
        "TIFF of a million tiles": _dots(1_000_000),
        "TIFF of 15,000 packed tiles": _tiles(8, zlib.compress(bytes(256)), 15_000),
        "TIFF of 15,000 runs": _tiles(32773, b"\x81\0\x81\0", 15_000),
        "TIFF of 15,000 JPEGs": _tiles(7, one_block, 15_000),
        "TIFF of 64-bit colours": _tiff(64, 3, 2, 3),
        "TIFF of 64-bit grey": _tiff(64, 1, 1, 3, HEIGHT // 2),
        "TIFF of 16-bit colours": _tiff(16, 4, 2, 1, HEIGHT // 2, t338=(3, [2])),
        "TIFF of 12-bit colours": _tiff(12, 3, 2, 1, HEIGHT // 2),
        "TIFF of one bit": _tiff(1, 1, 1),
        "TIFF of luminance and chrominance": _tiff(8, 3, 6, t530=(3, [1, 1])),
        "TIFF of ink": _tiff(8, 4, 5),
        "TIFF that predicts floats": _tiff(32, 1, 1, 3, t317=(3, [3])),
        "JPEG of 100 scans": _scans(90) + b"\xff\xd9",
        "JPEG of 100 scans without an end": _scans(90),
        "JPEG of 2.4 million segments": b"\xff\xd8" + b"\xff\xfe\0\2" * 2_400_000,
        "JPEG of ink": saved(flat.convert("CMYK"), "JPEG", progressive=True)[:-2],
        "PNG of 800,000 chunks": png_file(tiny, *[(b"tEXt", b"")] * 800_000),
        "PNG of one column": png_file(slim, (b"IDAT", b"")),
        "PNG of 16-bit colours": _png(16, 6, bytes([4]) + b"\0\1" * 4 * WIDTH),
        "PNG of a sensor's bits": _png(16, 4, bytes([4]) + b"\0\1" * 2 * WIDTH),
        "PNG of transparency": saved(clear, "PNG"),
        "GIF of five million blocks": b"GIF89a\1\0\1\0\0\0\0!\xfe" + b"\1a" * 4_900_000,
        "GIF of a large canvas": _canvas(),
        "WebP of 65,536 sets of codes": webp_of_many_codes(),
        "WebP of transparency": saved(clear, "WEBP"),
        "WebP without loss": saved(clear, "WEBP", lossless=True),
        "WebP of many frames": _frames(),
    }


def _canvas() -> bytes:
    screen = struct.pack("<HHBBB", WIDTH, HEIGHT, 0, 0, 0)
    return b"GIF89a" + screen + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0;"


def _frames() -> bytes:
    frames = [Image.new("RGB", (64, 64), (i % 256, 0, 0)) for i in range(60)]
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=1)
    return stream.getvalue()
