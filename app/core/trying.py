"""A job that has many things to do: one that cannot be done holds up no other."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from app.errors import NotReady

Thing = TypeVar("Thing")


def each_of(things: Iterable[Thing], do: Callable[[Thing], object]) -> None:
    """Do it with each of them, and raise the last error once all were tried. A database that does
    not answer is not asked again.
    """
    failed: Exception | None = None
    for thing in things:
        try:
            do(thing)
        except NotReady:
            raise
        except Exception as error:  # noqa: BLE001 - it is raised below
            failed = error
    if failed is not None:
        raise failed
