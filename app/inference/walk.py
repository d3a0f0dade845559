"""A folder of people, one sub-folder a person: which files are photos, and what is left out.

Folders come from cameras, phones, network disks and archives, so they hold much besides photos.
Nothing is passed over in silence: each entry that is no photo is ``LeftOut``, with its kind.
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
    # Cameras' raw files, many of which begin like a TIFF that holds a small copy of the picture.
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
    """Why an entry of the folder is no photo."""

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
"""What each kind is, and what to do about it."""

REFUSED: Final = frozenset({Kind.HEIC_OR_AVIF, Kind.OTHER_FORMAT, Kind.BAD_NAME, Kind.UNREADABLE})
"""What was meant to be a person or a photo of one. The other kinds never were."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One image file of the person whose folder it lies in; ``person`` is that name in NFC."""

    person: str
    file: Path


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is no photo; of a junk or hidden folder the content is not counted."""

    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True)
class People:
    """What a folder of people holds: ``photos`` by person and name, and all the rest."""

    photos: list[Photo]
    left_out: list[LeftOut]

    @property
    def refused(self) -> list[LeftOut]:
        """What was left out although it was meant to be enrolled."""
        return [each for each in self.left_out if each.kind in REFUSED]

    @property
    def counts(self) -> dict[str, int]:
        """How many entries of each kind were left out, in the order of ``Kind``."""
        found = Counter(each.kind for each in self.left_out)
        return {kind.value: found[kind] for kind in Kind if found[kind]}


def walk(root: Path) -> People:
    """The photos in the sub-folders of ``root``, which are one a person, at any depth.

    A file with the suffix of an image, or without any, is judged by its first bytes; a file with
    another suffix is no image. A link to a file is the file. A link to a folder is followed only
    in a person's place and only out of ``root``, so that no photo is met twice and no walk is
    endless. Folders whose names differ in NFC and NFD alone are one person's.
    ``OSError`` where ``root`` itself cannot be read.
    """
    found = People([], [])
    for entry in _entries(root):
        kind = _unwanted(entry.name) or _beside_people(root, entry)
        if kind is None:
            _walk_person(Path(entry.path), found)
        else:
            found.left_out.append(LeftOut(Path(entry.path), kind))
    found.photos.sort(key=lambda photo: (photo.person, photo.file))
    return found


def fingerprint(photos: Iterable[Photo]) -> str:
    """Changes when a photo comes, goes, is replaced or becomes somebody else's: for what is kept of
    the photos. Contents are told by size and time of change.
    """
    digest = hashlib.sha256()
    for photo in photos:
        about = photo.file.stat() if photo.file.exists() else photo.file.lstat()
        known = (photo.person, str(photo.file), about.st_size, about.st_mtime_ns)
        digest.update(repr(known).encode())
    return digest.hexdigest()


def _beside_people(root: Path, entry: os.DirEntry[str]) -> Kind | None:
    """None of a person's folder; else what the entry is."""
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
    """Of what no system shows, or makes for itself; letter case counts nowhere in these names."""
    lower = name.lower()
    if lower in _JUNK or _JUNK_PATTERN.fullmatch(lower):
        return Kind.JUNK
    return Kind.HIDDEN if name.startswith(".") else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Also of a link to one; a link that leads nowhere or in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _judged(path: Path) -> Kind | None:
    """None of a photo. One that is damaged, or cannot be read, is for its reader to refuse."""
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
    """The first bytes; None of what is no file: to open a pipe would wait for its writer."""
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    with path.open("rb") as stream:
        return stream.read(HEAD)
