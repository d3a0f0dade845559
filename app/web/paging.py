"""Lists in pages: ``?limit=&cursor=`` in, ``{items, next_cursor}`` out."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from app.errors import FieldError, InvalidRequest
from app.web.fields import WholeText

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page: the rows with an internal key above ``after``, at most ``limit`` of them."""

    limit: int
    after: int


def _paging(
    limit: Annotated[WholeText, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Paging:
    return Paging(limit, 0 if cursor is None else _decode(cursor))


Paged = Annotated[Paging, Depends(_paging)]


def page(
    rows: Sequence[Row], paging: Paging, *, key: Callable[[Row], int], show: Callable[[Row], Item]
) -> Page[Item]:
    """The page of ``rows``, which were read with one more than the limit to see if more follow."""
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    return Page(
        items=[show(row) for row in shown],
        next_cursor=_encode(key(shown[-1])) if more else None,
    )


def _encode(key: int) -> str:
    return base64.urlsafe_b64encode(f"k{key}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> int:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        if text[:1] == "k" and text[1:].isdecimal() and len(text) < 20:
            key = int(text[1:])
            if _encode(key) == cursor:  # in base64, several texts stand for the same bytes
                return key
    except (binascii.Error, ValueError):
        pass
    raise InvalidRequest(
        "The cursor is not one that this service gave; start again without it.",
        errors=[FieldError("cursor", "not a cursor of this list")],
    )
