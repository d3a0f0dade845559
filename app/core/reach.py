"""Which collections the request in hand reaches, whatever ids they have by the time they are read.

A key is checked before the body of its request is read, and a body may take minutes. If in that
time the collection is deleted and another one is made under its id, the request must not act on
the new one.
"""

from contextvars import ContextVar
from typing import Final

REACH: Final[ContextVar[frozenset[int] | None]] = ContextVar("reach", default=None)
"""Internal keys of the collections; None reaches every one. Set by ``app.auth.guard``, in the task
of the request, whose threads inherit it."""


def is_reached(collection_key: int) -> bool:
    """Whether the request in hand may read and change this collection."""
    reach = REACH.get()
    return reach is None or collection_key in reach
