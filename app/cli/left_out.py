"""What a command says of the entries of a folder that are no photos."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from app.core.names import printable
from app.errors import InvalidRequest
from app.inference.walk import HINTS, Kind, People, walk


def people_in(folder: Path, *, or_refused: bool = False) -> People:
    """The walk of a command's folder; ``InvalidRequest`` where it has no photo of anybody.

    ``or_refused``: photos that Kith does not read are enough, because the command tells of them.
    """
    shown = printable(str(folder))
    try:
        found = walk(folder)
    except OSError as error:
        raise InvalidRequest(f"{shown} cannot be read: {error.strerror}.") from None
    if found.photos or (or_refused and found.refused):
        return found
    needed = f"{shown} has no folder with photos in it; one a person is needed."
    raise InvalidRequest(" ".join((needed, *left_out_lines(found.counts))))


def left_out_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """One line for each kind of what was left out: how many, which kind, and what it is."""
    for kind, count in counts.items():
        yield f"Left out, {kind}: {count} ({HINTS[Kind(kind)]})."
