"""People to enrol: from a folder, from a CSV file, or made by a program. Images are read later."""

import csv
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from kith_client.images import Image
from kith_client.models import CredentialField
from kith_client.names import id_of_name

_SUFFIXES: Final = {
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif",
}  # fmt: skip
"""Suffixes of images; Kith refuses the last three with the reason, so that they are not missed."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to enrol, known by ``id``, else by ``external_id``, else by the whole ``name``.

    A field that is None stays as it is where the person is enrolled already.
    """

    id: str | None = None
    external_id: str | None = None
    name: str | None = None
    images: Sequence[Image] = ()
    valid_from: str | None = None
    valid_until: str | None = None
    suspended: bool | None = None
    metadata: Mapping[str, Any] | None = None
    credentials: Sequence[CredentialField] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not (self.id or self.external_id or self.name):
            raise ValueError("A person to enrol has an id, an external_id or a name.")

    @property
    def is_known_by_name(self) -> bool:
        """Whether only the name identifies the person; the id is made of it."""
        return not (self.id or self.external_id)

    @property
    def known_id(self) -> str | None:
        """The id, or the one that is made of the name; None where Kith makes one."""
        return id_of_name(self.name) if self.is_known_by_name and self.name else self.id

    def fields(self) -> dict[str, Any]:
        """All that is to be stored, without the id and the images."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value
            for name, value in named.items()
            if value is not None and name not in ("id", "images")
        }


def people_in_folder(folder: str | os.PathLike[str]) -> list[Person]:
    """The people of a folder that has one folder for each, named as the person is.

    Images lie in it at any depth; what is hidden, and what has no suffix of an image, is left out.
    """
    root = Path(folder)
    return [
        Person(name=unicodedata.normalize("NFC", each.name), images=_images(each))
        for each in sorted(root.iterdir())
        if each.is_dir() and not each.name.startswith(".")
    ]


def people_in_csv(file: str | os.PathLike[str]) -> list[Person]:
    """The people of a CSV file (UTF-8), whose first line names columns like ``Person``'s fields.

    ``images`` has paths from the file's folder, with ``|`` between several. An empty cell is None.
    """
    path = Path(file)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        unknown = set(reader.fieldnames or ()) - _COLUMNS
        if unknown or not reader.fieldnames:
            raise ValueError(
                f"{path} has the columns {sorted(unknown)}, which mean nothing; "
                f"those that do are {sorted(_COLUMNS)}"
            )
        return [_of_row(path, number, row) for number, row in enumerate(reader, 2)]


_COLUMNS: Final = {"id", "external_id", "name", "valid_from", "valid_until", "images"}


def _of_row(path: Path, number: int, row: Mapping[str, str | None]) -> Person:
    given: dict[str, Any] = {
        name: value.strip() for name, value in row.items() if value and value.strip()
    }
    named = given.pop("images", "").split("|")
    images = [path.parent / each.strip() for each in named if each.strip()]
    try:
        return Person(images=images, **given)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}") from None


def _images(folder: Path) -> list[Image]:
    return [*_found(folder)]


def _found(folder: Path) -> Iterator[Path]:
    for each in sorted(folder.iterdir()):
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from _found(each)
        elif each.suffix.lower() in _SUFFIXES:
            yield each
