"""``Idempotency-Key``: a creation sent again within 24 hours gets its first answer again."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Final, Protocol, TypeVar

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel

from app.receipts.keeping import Keep
from app.receipts.service import Receipts, Stored, Ticket

REPLAYED: Final = "Idempotent-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]*$",
        description="The same key and body within 24 h get the first answer again, with the "
        f"header `{REPLAYED}: true`. If its row was deleted since, it is created again.",
    ),
]

Answer = TypeVar("Answer", bound=BaseModel)


class Caller(Protocol):
    """The client: its key's id, and the key itself."""

    @property
    def id(self) -> str:
        """The id of its key."""
        ...

    @property
    def presented(self) -> str:
        """The key as it was sent, which no database holds."""
        ...


def ticket_for(caller: Caller, key: str | None, fingerprint: Callable[[], str]) -> Ticket | None:
    """The ticket of a request; None, without any hashing, if the client sent no key.

    What is stored of the request is keyed with the caller's own key, of which the database has a
    hash alone: a body may hold the number of a card, which a plain hash would let anybody guess
    who reads the database.
    """
    if key is None:
        return None
    mark = hmac.new(caller.presented.encode(), fingerprint().encode(), hashlib.sha256)
    return Ticket(caller.id, key, mark.hexdigest())


def answer_once(
    receipts: Receipts,
    ticket: Ticket | None,
    create: Callable[[Keep], Answer],
    *,
    status: int = 201,
) -> Response | Answer:
    """The result of ``create``, or the stored answer, under the route's ``status``, if this ticket
    was answered before.
    """
    answer = receipts.once(ticket, create)
    if not isinstance(answer, Stored):
        return answer
    return Response(
        answer.answer,
        status_code=status,
        headers={REPLAYED: "true"},
        media_type="application/json",
    )
