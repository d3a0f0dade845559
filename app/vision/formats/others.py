"""Names the format of a file that Kith does not read, and says what to do with it."""

from typing import Final

from app.errors import UnsupportedImage
from app.vision.sniff import HEAD, format_of

READ: Final = "JPEG, PNG, WebP, BMP, GIF and TIFF"

_IPHONE: Final = (
    "Export it as JPEG; an iPhone takes JPEG photos from then on with "
    "Settings > Camera > Formats > Most Compatible."
)
_MOVIE: Final = "Send a single picture of it, as JPEG or PNG."
_EXPORT: Final = "Export it as JPEG or PNG."
_STARTS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\xff\x0a", "a JPEG XL image", _EXPORT),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image", _EXPORT),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image", _EXPORT),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image", _EXPORT),
    (b"II\xbc\x01", "a JPEG XR image", _EXPORT),
    (b"%PDF-", "a PDF document", "Export the page as JPEG or PNG."),
    (b"%!PS", "a PostScript document", "Export the page as JPEG or PNG."),
    (b"8BPS", "a Photoshop document", _EXPORT),
    (b"\0\0\1\0", "an icon (ICO)", _EXPORT),
    (b"qoif", "a QOI image", _EXPORT),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)", _MOVIE),
    (b"\0\0\x01\xba", "a video (MPEG)", _MOVIE),
    (b"\0\0\x01\xb3", "a video (MPEG)", _MOVIE),
    (b"PK\x03\x04", "a ZIP archive or an office document", "Send the images that are in it."),
    (b"\x1f\x8b", "compressed with gzip", "Send the image itself."),
    (b"FUJIFILMCCD-RAW", "a raw camera file", _EXPORT),
    (b"FOVb", "a raw camera file", _EXPORT),
    (b"IIRO", "a raw camera file", _EXPORT),
    (b"IIRS", "a raw camera file", _EXPORT),
    (b"MMOR", "a raw camera file", _EXPORT),
    (b"IIU\0", "a raw camera file", _EXPORT),
)
"""The first bytes of a format, its name, and advice to the sender."""


def unsupported(data: bytes) -> UnsupportedImage:
    """The error for ``data``, whose format Kith does not read."""
    kind, advice = _what(data)
    if not kind:
        return UnsupportedImage(f"The bytes are no image of a format that is read: {READ}.")
    return UnsupportedImage(f"The file is {kind}, which is not read: only {READ} are. {advice}")


def raw_camera_file() -> UnsupportedImage:
    """The error for raw camera files with the structure of TIFF: DNG, NEF, ARW, CR2."""
    return UnsupportedImage(f"The file is a raw camera file, which is not read. {_EXPORT}")


def _what(data: bytes) -> tuple[str, str]:
    if data[4:8] == b"ftyp":
        return _boxed(data)
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "a video (AVI)", _MOVIE
    for start, kind, advice in _STARTS:
        if data.startswith(start):
            return kind, advice
    return _text(data)


def _boxed(data: bytes) -> tuple[str, str]:
    """Name and advice for an ISO base media file (ISO/IEC 14496-12), by its brands."""
    if data[8:12] == b"crx ":
        return "a raw camera file", _EXPORT
    known = {"HEIC": ("an HEIC image", _IPHONE), "AVIF": ("an AVIF image", _EXPORT)}
    return known.get(format_of(data[:HEAD]) or "", ("a video (MP4 or MOV)", _MOVIE))


def _text(data: bytes) -> tuple[str, str]:
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<svg", b"<?xml")) and b"<svg" in head:
        return "an SVG drawing", _EXPORT
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page", "Send the image itself: a sign-in or error page was perhaps saved."
    if head.startswith((b"data:image/",)):
        return "a data URI as text", "Send the bytes that it stands for."
    return "", ""
