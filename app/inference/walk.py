"""Finds the photos in a folder of people, which has one sub-folder for each person.

Folders come from cameras, phones, network disks and archives, so they also hold other files.
Every entry that is no photo is reported as ``LeftOut``, with its kind.
"""

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.core.names import is_text, one_spelling
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


@dataclass(frozen=True, slots=True)
class Photo:
    """One image file. ``person`` is the name of the person's folder, in NFC."""

    person: str
    file: Path


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is no photo. The content of a junk or hidden folder is not counted."""

    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True)
class People:
    """The content of a folder of people: ``photos`` by person and name, and all other entries."""

    photos: list[Photo]
    left_out: list[LeftOut]

    @property
    def refused(self) -> list[LeftOut]:
        """The entries that were left out although they were meant to be enrolled."""
        return [each for each in self.left_out if each.kind in REFUSED]

    @property
    def counts(self) -> dict[str, int]:
        """Number of entries of each kind that were left out, in the order of ``Kind``."""
        found = Counter(each.kind for each in self.left_out)
        return {kind.value: found[kind] for kind in Kind if found[kind]}


def walk(root: Path) -> People:
    """Find the photos in the sub-folders of ``root``, one for each person, at any depth.

    A file with the suffix of an image, or without any, is judged by its first bytes; a file with
    another suffix is no image. A link to a file is the file. A link to a folder is followed only
    in the place of a person's folder, and only where it leads out of ``root``, so that no photo is
    found twice and the walk ends. Folders whose names differ only in NFC and NFD are one person's.
    ``OSError`` where ``root`` itself cannot be read.
    """
    found = People([], [])
    for entry in _entries(root):
        kind = _unwanted(entry.name) or _unlike_person(root, entry)
        if kind is None:
            _walk_person(Path(entry.path), found)
        else:
            found.left_out.append(LeftOut(Path(entry.path), kind))
    found.photos.sort(key=lambda photo: (photo.person, photo.file))
    return found


def fingerprint(photos: Iterable[Photo]) -> str:
    """Hex SHA-256 that changes when a photo is added, removed, replaced or given to another person.

    Results that are kept between runs are kept under it. A photo's content is represented by its
    size and time of change.
    """
    digest = hashlib.sha256()
    for photo in photos:
        about = photo.file.stat() if photo.file.exists() else photo.file.lstat()
        known = (photo.person, str(photo.file), about.st_size, about.st_mtime_ns)
        digest.update(repr(known).encode())
    return digest.hexdigest()


def _unlike_person(root: Path, entry: os.DirEntry[str]) -> Kind | None:
    """The kind of an entry of ``root``; None where it is a person's folder."""
    path = Path(entry.path)
    if not _is_folder(entry):
        judged = _judged(path)
        return judged if judged in (Kind.NOT_AN_IMAGE, Kind.UNREADABLE) else Kind.LOOSE
    if entry.is_symlink() and _meets(root.resolve(), path.resolve()):
        return Kind.LINK
    return None if is_text(entry.name) else Kind.BAD_NAME


def _meets(root: Path, target: Path) -> bool:
    return root.is_relative_to(target) or target.is_relative_to(root)


def _walk_person(folder: Path, found: People) -> None:
    person, photos, left_out = one_spelling(folder.name), found.photos, found.left_out
    before = len(photos), len(left_out)
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = _entries(here)
        except OSError:
            left_out.append(LeftOut(here, Kind.UNREADABLE))
            continue
        for entry in entries:
            path, kind = Path(entry.path), _unwanted(entry.name)
            if kind is None and _is_folder(entry):
                if not entry.is_symlink():
                    waiting.append(path)
                    continue
                kind = Kind.LINK
            if (kind := kind or _judged(path)) is None:
                photos.append(Photo(person, path))
            else:
                left_out.append(LeftOut(path, kind))
    if len(photos) == before[0] and not any(e.kind in REFUSED for e in left_out[before[1] :]):
        left_out.append(LeftOut(folder, Kind.EMPTY))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _unwanted(name: str) -> Kind | None:
    """The kind of an entry that systems hide or make for themselves, else None; ignores case."""
    lower = name.lower()
    if lower in _JUNK or _JUNK_PATTERN.fullmatch(lower):
        return Kind.JUNK
    return Kind.HIDDEN if name.startswith(".") else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or a link to one. A link to nothing, or in a circle, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _judged(path: Path) -> Kind | None:
    """The kind of a file; None where it is a photo. A damaged photo is refused when it is read."""
    suffix = path.suffix.lower()
    if suffix in _OTHER:
        return Kind.OTHER_FORMAT
    if suffix and suffix not in _READ | _PHONE:
        return Kind.NOT_AN_IMAGE
    try:
        head = _head(path)
    except OSError:
        return None if suffix else Kind.UNREADABLE
    if head is None:
        return Kind.NOT_AN_IMAGE
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
