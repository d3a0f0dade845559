"""Lists in pages: ``?limit=&cursor=`` in, ``{items, next_cursor}`` out."""

from typing import Annotated

from fastapi import Depends, Query, Request

from app.core.cursors import opened
from app.core.paging import Paging
from app.errors import FieldError, InvalidRequest
from app.web.fields import WHOLE_TEXT


def _paging(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=1000, description="Most items of the page."), WHOLE_TEXT
    ] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the previous page.")] = None,
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
