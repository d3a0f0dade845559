"""Lists in pages: ``?limit=&cursor=`` in, ``{items, next_cursor}`` out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from app.errors import FieldError, InvalidRequest
from app.web.cursors import opened, sealed
from app.web.fields import WholeText

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page: the rows with an internal key above ``after``, at most ``limit`` of them.

    ``secret`` and ``listed`` seal the cursor of the next page: a secret of the caller's key, and
    the path of the list.
    """

    limit: int
    after: int
    secret: str = ""
    listed: str = ""


def _paging(
    request: Request,
    limit: Annotated[WholeText, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Paging:
    secret, listed = request.state.cursor_secret, request.url.path  # the guard came before
    after = 0 if cursor is None else opened(cursor, secret=secret, listed=listed)
    if after is None:
        raise InvalidRequest(
            "The cursor is not one that this service gave for this list and key; start again "
            "without it.",
            errors=[FieldError("cursor", "not a cursor of this list")],
        )
    return Paging(limit, after, secret, listed)


Paged = Annotated[Paging, Depends(_paging)]


def page(
    rows: Sequence[Row], paging: Paging, *, key: Callable[[Row], int], show: Callable[[Row], Item]
) -> Page[Item]:
    """The page of ``rows``, which were read with one more than the limit to see if more follow."""
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    following = None
    if more:
        following = sealed(key(shown[-1]), secret=paging.secret, listed=paging.listed)
    return Page(items=[show(row) for row in shown], next_cursor=following)
