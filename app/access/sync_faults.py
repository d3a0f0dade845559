"""The wrong lines of a file, several at once."""

from typing import Final

from app.errors import FieldError, InvalidRequest

_MOST_FAULTS: Final = 20


class Faults:
    """Collects what is wrong with lines, and raises ``InvalidRequest`` once it is enough."""

    def __init__(self) -> None:
        self._found: list[FieldError] = []

    def add(self, number: int, where: str, message: str) -> None:
        """Note that ``where`` in a line is wrong."""
        self._found.append(FieldError(f"line {number}{': ' if where else ''}{where}", message))
        if len(self._found) >= _MOST_FAULTS:
            self.check()

    def check(self) -> None:
        """``InvalidRequest`` where something is wrong."""
        if self._found:
            listed = "; ".join(f"{each.field}: {each.message}" for each in self._found[:3])
            more = ", and maybe more" if len(self._found) >= _MOST_FAULTS else ""
            raise InvalidRequest(
                f"The file has {len(self._found)} faults{more}; nothing was changed. {listed}.",
                errors=self._found,
            )
