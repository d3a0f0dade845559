"""The messages of commands about the entries of a folder that are no photos."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from app.core.names import printable
from app.errors import InvalidRequest
from app.inference.entries import HINTS, Kind
from app.inference.walk import People, walk


def walked(folder: Path) -> People:
    """The people and photos in a folder; ``InvalidRequest`` if it cannot be read."""
    try:
        return walk(folder)
    except OSError as error:
        shown = printable(str(folder))
        raise InvalidRequest(f"{shown} cannot be read: {error.strerror}.") from None


def people_in(folder: Path, *, or_refused: bool = False) -> People:
    """The people and photos in a folder; ``InvalidRequest`` if it cannot be read or has no photo.

    ``or_refused``: photos that Kith does not read are enough, because the command lists them.
    """
    found = walked(folder)
    if found.photos or (or_refused and found.refused):
        return found
    shown = printable(str(folder))
    needed = f"{shown} has no folder with photos in it; one a person is needed."
    raise InvalidRequest(" ".join((needed, *left_out_lines(found.counts))))


def left_out_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """One line for each kind of what was left out: how many, which kind, and what it is."""
    for kind, count in counts.items():
        yield f"Left out, {kind}: {count} ({HINTS[Kind(kind)]})."
