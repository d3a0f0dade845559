"""One small file of many layouts of each format: what mutations start from."""

import struct

import numpy as np

from tests.unit.vision import test_bmp, test_gif, test_jpeg, test_png, test_webp, tiff_samples
from tests.unit.vision.files import every_kind
from tests.unit.vision.tiffs import Tiff


def corpus() -> list[bytes]:
    """In the same order each time."""
    return [
        *every_kind().values(),
        *_bmps(),
        *_pngs(),
        *_tiffs(),
        *(make() for make in test_jpeg.FILES.values()),
        *_animations(),
    ]


def _bmps() -> list[bytes]:
    eight = test_bmp.noise(4)
    masked = [
        test_bmp.bmp(
            test_bmp.words(eight, test_bmp.A8, 4),
            32,
            header=header,
            compression=3,
            masks=test_bmp.A8,
        )
        for header in (56, 108, 124)
    ]
    packed = [
        test_bmp.bmp(
            test_bmp.packed(test_bmp.noise(1, 1 << bits)[..., 0], bits),
            bits,
            palette=bytes(range(256)) * (4 << bits >> 8) or bytes(4 << bits),
        )
        for bits in (1, 4, 8)
    ]
    return masked + packed


def _pngs() -> list[bytes]:
    files = [
        test_png.png(test_png.noise(colour, depth), colour, depth, interlaced=interlaced)
        for colour, depth in test_png.KINDS
        for interlaced in (False, True)
    ]
    chunks = (b"gAMA", struct.pack(">I", 100_000)), (b"sBIT", b"\x0c\x0c\x0c")
    files.append(test_png.png(test_png.noise(2, 16, 4096), 2, 16, *chunks))
    return files


def _tiffs() -> list[bytes]:
    rgb = tiff_samples.noise(3)
    files = [
        Tiff(rgb, 8, 2, compression=compression, **layout).written()
        for compression in (1, 5, 8, 32773, 34925)
        for layout in tiff_samples.LAYOUTS.values()
    ]
    files += [
        Tiff(tiff_samples.noise(1, 1 << bits), bits, order=order, big=big).written()
        for bits in (1, 4, 12, 16, 24, 32)
        for order, big in (("<", False), (">", True))
    ]
    floats = np.asarray(rgb, np.float32)
    files.append(Tiff(floats, 32, 2, compression=8, predictor=3).written())
    files.append(Tiff(rgb, 8, 6, tags={530: (3, [1, 1])}).written())
    files.append(Tiff(tiff_samples.noise(5), 8, 5, tags={338: (3, [2])}).written())
    return files


def _animations() -> list[bytes]:
    values = test_gif.indices(9, 6)
    whole = test_webp.webp(
        test_webp.canvas(2),
        test_webp.chunk(b"ANIM", bytes(6)),
        test_webp.frame(8, 4, test_webp.noise(3, 9, 6)),
    )
    return [
        test_gif.gif(test_gif.frame(values, left=7, top=4, clear=3)),
        test_gif.gif(test_gif.frame(values, interlaced=True, palette=test_gif.LOCAL)),
        whole,
    ]
