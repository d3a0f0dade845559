"""``Idempotency-Key``: a creation that is sent again within 24 hours gives its first answer again.

The answer is stored in the transaction that creates, so it exists exactly if the creation does:
no crash can lose one of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, TypeVar

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import String, Text, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.bulk import LOCAL
from app.core.clock import Clock
from app.core.db import Base, Database
from app.errors import AppError, Conflict

REPLAY_WINDOW: Final = timedelta(hours=24)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key and body within 24 h gives the first answer again.",
    ),
]

Answer = TypeVar("Answer", bound=BaseModel)
Keep = Callable[[Session, BaseModel], None]
"""Stores the answer of a creation in the transaction that creates."""


class Receipt(Base):
    """The first answer to a key of one caller."""

    __tablename__ = "idempotency_receipts"
    __table_args__ = ({"info": LOCAL},)

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who asks, under which key, for what."""

    caller: str
    key: str
    fingerprint: str


class Receipts:
    """Finds and keeps first answers. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def once(self, ticket: Ticket | None, create: Callable[[Keep], Answer]) -> Response | Answer:
        """What ``create`` gives, or the stored answer where this ticket was answered before.

        Two at once: the later transaction meets the receipt of the first, or whatever the first
        created, rolls back and gives the first answer too.
        """
        if ticket is None:
            return create(keep_nothing)
        if stored := self._find(ticket):
            return stored
        try:
            return create(lambda session, answer: self._keep(session, ticket, answer))
        except (AppError, IntegrityError):
            if stored := self._find(ticket):
                return stored
            raise

    def _find(self, ticket: Ticket) -> Response | None:
        with self._database.read() as session:
            receipt = session.get(Receipt, (ticket.caller, ticket.key))
        if receipt is None or receipt.created_at <= self._clock.now() - REPLAY_WINDOW:
            return None
        if receipt.fingerprint != ticket.fingerprint:
            raise Conflict(
                f"The Idempotency-Key {ticket.key!r} was used for another request within the last "
                "24 hours; take a new key."
            )
        return Response(receipt.answer, status_code=201, media_type="application/json")

    def _keep(self, session: Session, ticket: Ticket, answer: BaseModel) -> None:
        now = self._clock.now()
        session.execute(delete(Receipt).where(Receipt.created_at <= now - REPLAY_WINDOW))
        session.add(
            Receipt(
                caller=ticket.caller,
                key=ticket.key,
                fingerprint=ticket.fingerprint,
                answer=answer.model_dump_json(),
                created_at=now,
            )
        )
        session.flush()


def keep_nothing(session: Session, answer: BaseModel) -> None:
    """For creations that nobody will send again."""
    del session, answer


def ticket_for(caller: str, key: str | None, fingerprint: Callable[[], str]) -> Ticket | None:
    """None where the client sent no key; then nothing is hashed either."""
    return None if key is None else Ticket(caller, key, fingerprint())
