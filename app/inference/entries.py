"""Judges the entries of a folder of people: which is a photo, and of what kind every other one is.

Folders come from cameras, phones, network disks and archives, so they also hold other files. A
file with the suffix of an image, or without any, is judged by its first bytes; a file with another
suffix is no image.
"""

import os
import re
import stat
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Final

from app.vision.sniff import HEAD, format_of


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split("|"))


_READ: Final = _names(".jpg|.jpeg|.jpe|.jfif|.mpo|.png|.webp|.bmp|.dib|.gif|.tif|.tiff")
_PHONE: Final = _names(".heic|.heif|.hif|.avif")
_OTHER: Final = _names(
    # Raw files of cameras. Many begin like a TIFF that holds a small copy of the picture.
    ".3fr|.arw|.cr2|.cr3|.crw|.dng|.erf|.iiq|.kdc|.mrw|.nef|.nrw|.orf|.pef|.raf|.raw|.rw2|.rwl",
    ".sr2|.srf|.srw|.x3f",
    ".jp2|.j2k|.jxl|.psd|.tga|.pcx|.ppm|.pgm",
)
_JUNK: Final = _names(
    "@eadir|@tmp|@sharebin|@sharesnap|@synoresource|#recycle|#snapshot",  # Synology
    "@recycle|@recently-snapshot|.@__thumb|.streams|~snapshot",  # QNAP, NetApp
    "$recycle.bin|recycler|recycled|system volume information|$extend",  # Windows
    "thumbs.db|thumbs.db:encryptable|ehthumbs.db|ehthumbs_vista.db|desktop.ini",
    "__macosx|.ds_store|.appledouble|.spotlight-v100|.trashes|.fseventsd",  # macOS
    "network trash folder|temporary items|icon\r",
    "lost+found|.picasaoriginals|.picasa.ini|picasa.ini",  # Linux, Picasa
)
_JUNK_PATTERN: Final = re.compile(r"\._.*|found\.\d{3}|\.trash(-\d+)?|~\$.*", re.DOTALL)


class Kind(StrEnum):
    """The reasons why an entry of the folder is no photo."""

    HEIC_OR_AVIF = "heic_or_avif"
    OTHER_FORMAT = "other_format"
    BAD_NAME = "bad_name"
    UNREADABLE = "unreadable"
    LOOSE = "loose"
    NOT_AN_IMAGE = "not_an_image"
    EMPTY = "empty"
    LINK = "link"
    HIDDEN = "hidden"
    JUNK = "junk"


HINTS: Final = {
    Kind.HEIC_OR_AVIF: "HEIC or AVIF is not read; export as JPEG (iPhone: Settings, Camera, "
    "Formats, Most Compatible)",
    Kind.OTHER_FORMAT: "this image format is not read; export as JPEG or PNG",
    Kind.BAD_NAME: "the folder's name is not UTF-8, so it is nobody's name; rename it (from "
    "Latin-1: convmv -f latin1 -t utf8)",
    Kind.UNREADABLE: "cannot be read; look at its permissions, or where the link leads",
    Kind.LOOSE: "images that lie in no person's folder",
    Kind.NOT_AN_IMAGE: "files that are no images",
    Kind.EMPTY: "folders without a photo",
    Kind.LINK: "links to folders, which are not followed",
    Kind.HIDDEN: "hidden files and folders",
    Kind.JUNK: "files and folders of the system, such as @eaDir and Thumbs.db",
}
"""The meaning of each kind, and what to do about it."""
REFUSED: Final = frozenset({Kind.HEIC_OR_AVIF, Kind.OTHER_FORMAT, Kind.BAD_NAME, Kind.UNREADABLE})
"""The kinds of entries that were meant to be a person or a photo of one."""


def unwanted(name: str) -> Kind | None:
    """The kind of an entry that systems hide or make for themselves, else None; ignores case."""
    lower = name.lower()
    if lower in _JUNK or _JUNK_PATTERN.fullmatch(lower):
        return Kind.JUNK
    return Kind.HIDDEN if name.startswith(".") else None


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or a link to one. A link to nothing, or in a circle, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def judged_file(path: Path) -> Kind | None:
    """The kind of a file; None where it is a photo. A damaged photo is refused when it is read."""
    suffix = path.suffix.lower()
    if (kind := _by_suffix(suffix)) is not None:
        return kind
    try:
        head = _head(path)
    except OSError:
        return None if suffix else Kind.UNREADABLE
    return Kind.NOT_AN_IMAGE if head is None else _by_head(suffix, head)


def judged(name: str, head: bytes) -> Kind | None:
    """The same of a file by its name and its first bytes."""
    suffix = PurePath(name).suffix.lower()
    return _by_suffix(suffix) or _by_head(suffix, head)


def _by_suffix(suffix: str) -> Kind | None:
    if suffix in _OTHER:
        return Kind.OTHER_FORMAT
    return Kind.NOT_AN_IMAGE if suffix and suffix not in _READ | _PHONE else None


def _by_head(suffix: str, head: bytes) -> Kind | None:
    known = format_of(head)
    if known in ("HEIC", "AVIF") or (known is None and suffix in _PHONE):
        return Kind.HEIC_OR_AVIF
    return None if suffix or known else Kind.NOT_AN_IMAGE


def _head(path: Path) -> bytes | None:
    """The first bytes; None where it is no regular file: opening a pipe waits for its writer."""
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    with path.open("rb") as stream:
        return stream.read(HEAD)
