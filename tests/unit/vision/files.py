"""Image files of every kind that is read, made in memory."""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 48, 32


def gradient(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Red rises to the right, green downwards; smooth, so that JPEG keeps it."""
    x = np.linspace(0, 255, width)[None, :].repeat(height, axis=0)
    y = np.linspace(0, 255, height)[:, None].repeat(width, axis=1)
    return np.stack([x, y, np.full_like(x, 90)], axis=2).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """``image`` as a file of ``kind``."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def picture() -> Image.Image:
    """The gradient, for Pillow."""
    return Image.fromarray(gradient())


def png_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk with its checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_file(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png_file((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))


def every_kind() -> dict[str, bytes]:
    """One small valid file of each format and of the odd modes."""
    image, grey = picture(), picture().convert("L")
    frames = [picture().rotate(angle) for angle in (90, 180)]
    return {
        "jpeg": saved(image, "JPEG", quality=95),
        "progressive": saved(image, "JPEG", progressive=True),
        "cmyk": saved(image.convert("CMYK"), "JPEG"),
        "png": saved(image, "PNG"),
        "palette": saved(image.convert("P"), "PNG"),
        "sixteen bit": saved(Image.fromarray(np.asarray(grey, np.uint16) * 257), "PNG"),
        "apng": saved(image, "PNG", save_all=True, append_images=frames),
        "webp": saved(image, "WEBP", quality=95),
        "lossless webp": saved(image, "WEBP", lossless=True),
        "animated webp": saved(image, "WEBP", save_all=True, append_images=frames),
        "bmp": saved(image, "BMP"),
        "gif": saved(image, "GIF", save_all=True, append_images=frames),
        "tiff": saved(image, "TIFF", compression="tiff_lzw"),
        "raw tiff": saved(image, "TIFF"),
        "jpeg tiff": saved(image, "TIFF", compression="jpeg"),
    }
