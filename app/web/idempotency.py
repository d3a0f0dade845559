"""``Idempotency-Key``: a creation that is sent again within 24 hours gives its first answer again.

The answer is stored in the transaction that creates, so it exists exactly if the creation does:
no crash can lose one of the two. A stored answer is a copy of what was made. So it names every row
that it tells of, and goes in the transaction that deletes one of them (``forget``) or follows in
the transaction that changes one (``amend``): whoever was removed is in no receipt.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Protocol, TypeVar

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import (
    ForeignKeyConstraint,
    Index,
    Select,
    String,
    Text,
    delete,
    exists,
    inspect,
    select,
)
from sqlalchemy import tuple_ as pair
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.bulk import LOCAL
from app.core.clock import Clock
from app.core.db import Base, Database
from app.errors import AppError, Conflict, NotReady

REPLAY_WINDOW: Final = timedelta(hours=24)
REPLAYED: Final = "Idempotent-Replayed"
_TRIES: Final = 5
_IN_SQL_ALONE: Final = {"synchronize_session": False}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]*$",
        description="The same key and body within 24 h gives the first answer again, with the "
        f"header `{REPLAYED}: true`. What was deleted since is not answered: it is made again.",
    ),
]

Answer = TypeVar("Answer", bound=BaseModel)


class Keep(Protocol):
    """Stores the answer of a creation in the transaction that creates."""

    def __call__(self, session: Session, answer: BaseModel, *told: Base) -> None:
        """``told`` are the rows that the answer tells of, all of which have their keys."""


class Receipt(Base):
    """The first answer to a key of one caller."""

    __tablename__ = "idempotency_receipts"
    __table_args__ = ({"info": LOCAL},)

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


class Subject(Base):
    """A row that a receipt's answer tells of, by its table and its internal key.

    Not a foreign key: with one the deletion of the row would delete this and leave the answer.
    """

    __tablename__ = "idempotency_subjects"
    __table_args__ = (
        ForeignKeyConstraint(
            ["caller", "key"],
            ["idempotency_receipts.caller", "idempotency_receipts.key"],
            ondelete="CASCADE",
        ),
        Index("ix_idempotency_subjects_row", "row_table", "row_key"),
        {"info": LOCAL},
    )

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    row_table: Mapped[str] = mapped_column(String(64), primary_key=True)
    row_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who asks, under which key, for what."""

    caller: str
    key: str
    fingerprint: str


class _Raced(Exception):
    """Another request stored its answer under the same ticket first."""


class Receipts:
    """Finds and keeps first answers. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def once(self, ticket: Ticket | None, create: Callable[[Keep], Answer]) -> Response | Answer:
        """What ``create`` gives, or the stored answer where this ticket was answered before.

        Two at once: the later transaction meets the receipt of the first, or whatever the first
        created, rolls back and gives the first answer too. Where that was deleted in between, the
        later one creates.
        """
        if ticket is None:
            return create(keep_nothing)
        for _ in range(_TRIES):
            if stored := self._find(ticket):
                return stored
            try:
                return create(self._keeper(ticket))
            except _Raced:
                continue
            except AppError:
                if stored := self._find(ticket):
                    return stored
                raise
        raise NotReady(
            f"Requests under the Idempotency-Key {ticket.key!r} are in each other's way; try again."
        )

    def sweep(self) -> None:
        """Delete the receipts that nobody can ask for any more."""
        expired = Receipt.created_at <= self._clock.now() - REPLAY_WINDOW
        with self._database.read() as session:
            if not session.scalar(select(exists().where(expired))):
                return
        with self._database.write() as session:
            _delete(session, expired)

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
        return Response(
            receipt.answer,
            status_code=201,
            headers={REPLAYED: "true"},
            media_type="application/json",
        )

    def _keeper(self, ticket: Ticket) -> Keep:
        def keep(session: Session, answer: BaseModel, *told: Base) -> None:
            now = self._clock.now()
            mine = Receipt.caller == ticket.caller, Receipt.key == ticket.key
            expired = Receipt.created_at <= now - REPLAY_WINDOW
            session.execute(delete(Receipt).where(*mine, expired))
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
                for table, key in {(row.__tablename__, _key(row)) for row in told}
            )

        return keep


def keep_nothing(session: Session, answer: BaseModel, *told: Base) -> None:
    """For creations that nobody will send again."""
    del session, answer, told


def forget(session: Session, model: type[Base], keys: Sequence[int] | Select[int]) -> None:
    """Delete every receipt that tells of one of these rows, which this transaction deletes."""
    _delete(session, pair(Receipt.caller, Receipt.key).in_(_telling(model, keys)))


def forget_caller(session: Session, caller: str) -> None:
    """Delete the receipts of a caller that can ask for none of them any more."""
    _delete(session, Receipt.caller == caller)


def amend(
    session: Session, row: Base, change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> None:
    """Rewrite the answers that tell of ``row``, which this transaction changes.

    ``change`` gives the answer as it is from now on, or None where it says nothing of the change.
    """
    session.flush()
    telling = pair(Receipt.caller, Receipt.key).in_(_telling(type(row), [_key(row)]))
    for receipt in session.scalars(select(Receipt).where(telling).with_for_update()):
        if (changed := change(json.loads(receipt.answer))) is not None:
            receipt.answer = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))


def ticket_for(caller: str, key: str | None, fingerprint: Callable[[], str]) -> Ticket | None:
    """None where the client sent no key; then nothing is hashed either."""
    return None if key is None else Ticket(caller, key, fingerprint())


def _telling(model: type[Base], keys: Sequence[int] | Select[int]) -> Select[str, str]:
    return select(Subject.caller, Subject.key).where(
        Subject.row_table == model.__tablename__, Subject.row_key.in_(keys)
    )


def _delete(session: Session, which: Any) -> None:  # noqa: ANN401 - a comparison of any columns
    session.flush()
    session.execute(delete(Receipt).where(which).execution_options(**_IN_SQL_ALONE))


def _key(row: Base) -> int:
    (key,) = inspect(row).identity or (None,)
    if key is None:
        raise ValueError(f"{row!r} has no key yet: flush it before its answer is kept")
    return int(key)
