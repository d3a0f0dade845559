"""Finds the photos in a ZIP of people, which has one folder for each person, as ``walk`` does on a
disk. Nothing is unpacked to a disk.
"""

import io
import struct
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from app.core.names import one_spelling
from app.errors import InvalidImage, InvalidRequest, PayloadTooLarge
from app.inference.entries import REFUSED, Kind, judged, unwanted
from app.vision.sniff import HEAD

MOST_ENTRIES: Final = 20_000
_ENTRY: Final = b"PK\x01\x02"  # begins each entry of the directory (APPNOTE.TXT, 4.3.12)
_ENCRYPTED: Final = 0x1
_IS_UTF8: Final = 0x800
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(ValueError, OverflowError),  # of names that are not what they say, and of places beyond
)


@dataclass(frozen=True, slots=True)
class ZippedPhoto:
    """One image of a ZIP: the name of the person's folder, in NFC, and the path in the ZIP; the
    ``kind`` of one that cannot be a photo although it was meant to be.
    """

    person: str
    path: str
    entry: zipfile.ZipInfo
    kind: Kind | None = None


class ZippedPeople:
    """The ``photos`` of a ZIP by person and path; ``left_out`` is how many other entries it has.

    ``InvalidRequest`` where it cannot be read, ``PayloadTooLarge`` where it has too many entries.
    """

    def __init__(self, content: bytes) -> None:
        if content.count(_ENTRY) > MOST_ENTRIES:  # before any of them takes memory
            raise PayloadTooLarge(f"The ZIP has more than {MOST_ENTRIES:,} entries; send several.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            files = [(_path(each), each) for each in self._zip.infolist() if not _is_folder(each)]
            found = [(path, each) for path, each in files if not any(map(unwanted, path.parts))]
            photos = [self._photo(path, each) for path, each in _below_one(found)]
        except _DAMAGED:
            raise InvalidRequest(
                "The file is no ZIP, or it is damaged, encrypted or packed in an unusual way."
            ) from None
        kept = [each for each in photos if each is not None]
        self.photos = sorted(kept, key=lambda each: (each.person, each.path))
        self.left_out = len(files) - len(kept)

    def read(self, photo: ZippedPhoto, max_bytes: int) -> bytes:
        """The bytes of a photo; ``PayloadTooLarge`` before more than ``max_bytes`` are read."""
        size = photo.entry.file_size
        if size > max_bytes:
            raise PayloadTooLarge(f"The image has {size:,} bytes; at most {max_bytes:,} are read.")
        try:
            with self._zip.open(photo.entry) as stream:
                return stream.read(size)  # without a size, zlib may give a GiB at once
        except _DAMAGED:
            raise InvalidImage("The photo is damaged within the ZIP.") from None

    def _photo(self, path: PurePosixPath, entry: zipfile.ZipInfo) -> ZippedPhoto | None:
        if len(path.parts) < 2:
            return None
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise zipfile.BadZipFile
        with self._zip.open(entry) as stream:
            kind = judged(path.name, stream.read(HEAD))
        if kind is not None and kind not in REFUSED:
            return None
        return ZippedPhoto(one_spelling(path.parts[0]), path.as_posix(), entry, kind)


def _name(entry: zipfile.ZipInfo) -> str:
    r"""The path in the ZIP. Without the mark of UTF-8 it was read as CP437, by the standard; macOS
    writes UTF-8 all the same. Some programs part folders by ``\``.
    """
    name = entry.filename
    if not entry.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/").lstrip("/")


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(_name(entry))


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    r"""Whether it is a folder, also one whose name ends with ``\``, or has no name at all."""
    return _name(entry).endswith("/") or not _path(entry).parts


_Found = list[tuple[PurePosixPath, zipfile.ZipInfo]]


def _below_one(found: _Found) -> _Found:
    """Without the one folder that all people are in, where a ZIP was made of that folder."""
    tops = {path.parts[0] for path, _ in found}
    if len(tops) != 1 or any(len(path.parts) < 3 for path, _ in found):
        return found
    return [(path.relative_to(path.parts[0]), each) for path, each in found]
