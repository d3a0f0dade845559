"""A stored value that nobody can read: Kith did not write it.

SQLite takes anything in any column, and PostgreSQL has times that Python has not, such as
``infinity``. If reading failed, one such value would fail each query that has its row, so it would
hide all the other rows.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

import structlog

_log = structlog.get_logger()

Row = TypeVar("Row")
View = TypeVar("View")


class Unreadable:
    """Stands for a value that is none of its column's kind. It is neither true nor false, before
    or after nothing, and of no use: whatever needs the value fails, and nothing else does.
    """

    def _refuse(self, *_: object) -> NoReturn:
        raise ValueError("the database holds a value here that Kith did not write")

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __sub__ = __rsub__ = _refuse


UNREADABLE = Unreadable()


def readable(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function; what it cannot read it returns as ``UNREADABLE``."""

    def lenient(value: Any) -> Any:  # noqa: ANN401 - of any column
        try:
            return value if value is UNREADABLE else read(value)
        except (ValueError, OverflowError, RecursionError, TypeError):
            return UNREADABLE

    return lenient


def shown(
    rows: Iterable[Row], show: Callable[[Row], View], *, of: str, name: Callable[[Row], object]
) -> Iterator[View]:
    """The rows as ``show`` gives them. One that it fails on, since somebody changed it in the
    database, is left out and logged under its ``name``: it hides no other.
    """
    for row in rows:
        try:
            view = show(row)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            wrong = type(error).__name__  # its text has what the row holds: names, secrets
            _log.error("row.unreadable", of=of, row=name(row), error=wrong)
        else:
            yield view
