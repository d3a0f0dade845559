"""Finds the format of a file by its first bytes: a suffix may be wrong or missing."""

from typing import Final

HEAD: Final = 32
"""Bytes that ``format_of`` looks at."""

_MAGIC: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Sizes of the second header of a BMP. Its magic alone is two letters, as in "BMW"."""
_HEIF: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"}
)
_AVIF: Final = frozenset({b"avif", b"avis"})


def format_of(head: bytes) -> str | None:
    """``JPEG``, ``PNG``, ``WebP``, ``BMP``, ``GIF``, ``TIFF``, ``HEIC``, ``AVIF`` or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def _brand(head: bytes) -> str | None:
    """``AVIF``, ``HEIC`` or None for an ISO base media file, by its brand or compatible brands."""
    brands = [head[place : place + 4] for place in (8, *range(16, len(head), 4))]
    if not _AVIF.isdisjoint(brands):
        return "AVIF"
    return "HEIC" if not _HEIF.isdisjoint(brands) else None
