"""Keys of rows that move into a database where others have keys already."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from app.errors import ArchiveError


class Renumbering:
    """From the keys of one table's rows in an archive to those they got: 16 bytes a row."""

    def __init__(self) -> None:
        self._old = array("q")
        self._new = array("q")

    def add(self, old: Sequence[int], new: Sequence[int]) -> None:
        """Rows in the order of the archive, which is that of their old keys."""
        for before, after in zip(old, new, strict=True):
            if self._old and before <= self._old[-1]:
                raise ArchiveError("The backup's rows are not in the order of their keys.")
            self._old.append(before)
            self._new.append(after)

    def get(self, old: int) -> int | None:
        """The new key; None of a row that did not move."""
        place = bisect_left(self._old, old)
        if place == len(self._old) or self._old[place] != old:
            return None
        return self._new[place]
