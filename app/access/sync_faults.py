"""The wrong lines of a file, several at once."""

from operator import itemgetter
from typing import Final

from app.errors import FieldError, InvalidRequest

_MOST_FAULTS: Final = 20


class Faults:
    """Collects what is wrong with lines, and raises ``InvalidRequest`` once it is enough."""

    def __init__(self) -> None:
        self._found: list[tuple[int, FieldError]] = []

    def add(self, number: int, where: str, message: str) -> None:
        """Note that ``where`` in a line is wrong."""
        fault = FieldError(f"line {number}{': ' if where else ''}{where}", message)
        self._found.append((number, fault))
        if len(self._found) >= _MOST_FAULTS:
            self.check()

    def check(self) -> None:
        """``InvalidRequest`` where something is wrong. It names the lines in their order."""
        if self._found:
            found = [fault for _, fault in sorted(self._found, key=itemgetter(0))]
            listed = "; ".join(f"{each.field}: {each.message}" for each in found[:3])
            count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
            more = ", and maybe more" if len(found) >= _MOST_FAULTS else ""
            raise InvalidRequest(
                f"The file has {count}{more}; nothing was changed. {listed}.", errors=found
            )
