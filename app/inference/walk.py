"""Finds the photos in a folder of people, which has one sub-folder for each person.

Every entry that is no photo is reported as ``LeftOut``, with its kind (``entries``).
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.core.names import is_text, one_spelling
from app.inference.entries import REFUSED, Kind, is_folder, judged_file, unwanted


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

    A link to a file is the file. A link to a folder is followed only in the place of a person's
    folder, and only where it leads out of ``root``, so that no photo is found twice and the walk
    ends. Folders whose names differ only in NFC and NFD are one person's.
    ``OSError`` where ``root`` itself cannot be read.
    """
    found = People([], [])
    for entry in _entries(root):
        kind = unwanted(entry.name) or _unlike_person(root, entry)
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
    if not is_folder(entry):
        judged = judged_file(path)
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
            path, kind = Path(entry.path), unwanted(entry.name)
            if kind is None and is_folder(entry):
                if not entry.is_symlink():
                    waiting.append(path)
                    continue
                kind = Kind.LINK
            if (kind := kind or judged_file(path)) is None:
                photos.append(Photo(person, path))
            else:
                left_out.append(LeftOut(path, kind))
    if len(photos) == before[0] and not any(e.kind in REFUSED for e in left_out[before[1] :]):
        left_out.append(LeftOut(folder, Kind.EMPTY))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)
