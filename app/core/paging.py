"""Lists in pages of bounded length, in the order of the rows' internal keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from app.core.cursors import sealed
from app.core.unreadable import shown

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[Item] = Field(description="The items of this page; at most `limit`.")
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")


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


def page(
    rows: Sequence[Row], paging: Paging, *, key: Callable[[Row], int], show: Callable[[Row], Item]
) -> Page[Item]:
    """The page of ``rows``, which were read with one more than the limit to see if more follow. A
    row that cannot be shown is left out.
    """
    wanted = rows[: paging.limit]
    more = len(rows) > paging.limit
    following = None
    if more:
        following = sealed(key(wanted[-1]), secret=paging.secret, listed=paging.listed)
    items = list(shown(wanted, show, of=paging.listed, name=key))
    return Page(items=items, next_cursor=following)
