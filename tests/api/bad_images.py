"""Images that no route takes, and the paths that the tests of bad input send to."""

import struct
import zlib

from tests.support.pictures import picture

PNG = picture(1)
STAFF, ADA = "/collections/staff", "/collections/staff/persons/ada"


JPEG_START = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(side: int) -> bytes:
    """A few bytes that claim ``side`` x ``side`` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


BAD_IMAGES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 422, "invalid_image"),
    "text": (b"I am no image", 415, "unsupported_image"),
    "text as JPEG": (JPEG_START + b"only text from here on", 422, "invalid_image"),
    "truncated PNG": (PNG[:100], 422, "invalid_image"),
    "huge PNG": (huge_png(30_000), 413, "payload_too_large"),
    "PNG of no size": (huge_png(0), 422, "invalid_image"),
    "many bytes": (PNG + bytes(1024 * 1024), 413, "payload_too_large"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_image"),
    "PDF": (b"%PDF-1.7\n", 415, "unsupported_image"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", 415, "unsupported_image"),
    "RIFF that is no WebP": (b"RIFF\x00\x00\x00\x00WAVEfmt ", 415, "unsupported_image"),
    "TIFF of nothing": (b"II*\x00\xff\xff\xff\xff", 422, "invalid_image"),
}
