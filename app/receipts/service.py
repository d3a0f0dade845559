"""Finds the first answer to a creation, or lets it happen and keeps its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from pydantic import BaseModel
from sqlalchemy import exists, select
from sqlalchemy import tuple_ as pair
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Base, Database
from app.errors import AppError, Conflict, NotReady
from app.receipts.keeping import Keep, delete_receipts, keep_nothing, row_key
from app.receipts.models import Receipt, Subject

REPLAY_WINDOW: Final = timedelta(hours=24)
_TRIES: Final = 5
_BATCH: Final = 400  # rows, of two parameters each: SQLite allowed 999 a statement for long

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A creation: the caller's id, the key that it was sent with, and a keyed hash of what
    it asks.
    """

    caller: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The first answer to a ticket, as JSON."""

    answer: str


class _Raced(Exception):
    """Another request stored its answer under the same ticket first."""


class Receipts:
    """Finds and keeps first answers. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def once(self, ticket: Ticket | None, create: Callable[[Keep], Answer]) -> Stored | Answer:
        """The result of ``create``, or the stored answer if this ticket was answered before.

        Two at once: the later transaction finds the receipt or the rows of the first, rolls back
        and returns the first answer too. If those were deleted in between, the later one creates.
        ``Conflict`` if the key was used for another request.
        """
        if ticket is None:
            return create(keep_nothing)
        for _ in range(_TRIES):
            receipt = self._find(ticket)
            if receipt is not None and not self._is_expired(receipt):
                return _stored(receipt, ticket)
            try:
                return create(self._keeper(ticket, expired=receipt is not None))
            except _Raced:
                continue
            except AppError:
                receipt = self._find(ticket)
                if receipt is not None and not self._is_expired(receipt):
                    return _stored(receipt, ticket)
                raise
        raise NotReady(
            f"Requests under the Idempotency-Key {ticket.key!r} are in each other's way; try again."
        )

    def purge(self) -> None:
        """Delete the receipts that nobody can ask for any more.

        Several processes may at once. None waits for a receipt that another transaction holds, so
        no request is ever the victim of a deadlock with this; the next run deletes that one.
        """
        expired = Receipt.created_at <= self._clock.now() - REPLAY_WINDOW
        identity = Receipt.caller, Receipt.key
        some = select(*identity).where(expired).limit(_BATCH).with_for_update(skip_locked=True)
        with self._database.read() as session:
            there = session.scalar(select(exists().where(expired)))
        while there:
            with self._database.write() as session:
                found = [tuple(each) for each in session.execute(some)]
                delete_receipts(session, pair(*identity).in_(found))
            there = len(found) == _BATCH

    def _find(self, ticket: Ticket) -> Receipt | None:
        with self._database.read() as session:
            return session.get(Receipt, (ticket.caller, ticket.key))

    def _is_expired(self, receipt: Receipt) -> bool:
        return receipt.created_at <= self._clock.now() - REPLAY_WINDOW

    def _keeper(self, ticket: Ticket, *, expired: bool) -> Keep:
        """``expired``: a receipt under the same key is there that no job has purged yet."""

        def keep(session: Session, answer: BaseModel, *rows: Base) -> None:
            now = self._clock.now()
            if expired:
                mine = (Receipt.caller == ticket.caller) & (Receipt.key == ticket.key)
                delete_receipts(session, mine & (Receipt.created_at <= now - REPLAY_WINDOW))
            session.add(
                Receipt(
                    caller=ticket.caller,
                    key=ticket.key,
                    fingerprint=ticket.fingerprint,
                    answer=answer.model_dump_json(),
                    created_at=now,
                )
            )
            try:
                session.flush()
            except IntegrityError:
                raise _Raced from None
            session.add_all(
                Subject(caller=ticket.caller, key=ticket.key, row_table=table, row_key=key)
                for table, key in {(row.__tablename__, row_key(row)) for row in rows}
            )

        return keep


def _stored(receipt: Receipt, ticket: Ticket) -> Stored:
    if receipt.fingerprint != ticket.fingerprint:
        raise Conflict(
            f"The Idempotency-Key {ticket.key!r} was used for another request within the last "
            "24 hours; take a new key."
        )
    return Stored(receipt.answer)
