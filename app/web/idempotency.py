"""``Idempotency-Key``: a creation sent again within 24 hours gets its first answer again."""

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

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


def ticket_for(caller: str, key: str | None, fingerprint: Callable[[], str]) -> Ticket | None:
    """The ticket of a request; None, without any hashing, if the client sent no key."""
    return None if key is None else Ticket(caller, key, fingerprint())


def answer_once(
    receipts: Receipts, ticket: Ticket | None, create: Callable[[Keep], Answer]
) -> Response | Answer:
    """The result of ``create``, or the stored answer if this ticket was answered before."""
    answer = receipts.once(ticket, create)
    if not isinstance(answer, Stored):
        return answer
    return Response(
        answer.answer,
        status_code=201,
        headers={REPLAYED: "true"},
        media_type="application/json",
    )
