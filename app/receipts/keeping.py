"""Stores, amends and deletes receipts in the transaction that creates, changes or deletes rows."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pydantic import BaseModel
from sqlalchemy import Select, delete, inspect, select
from sqlalchemy import tuple_ as pair
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE, Base
from app.receipts.models import Receipt, Subject


class Keep(Protocol):
    """Stores the answer of a creation in the transaction that creates."""

    def __call__(self, session: Session, answer: BaseModel, *rows: Base) -> None:
        """``rows`` are those that the answer shows, all of which have their keys."""


def keep_nothing(session: Session, answer: object, *rows: Base) -> None:
    """For creations that nobody will send again."""
    del session, answer, rows


def forget(session: Session, model: type[Base], keys: Sequence[int] | Select[int]) -> None:
    """Delete every receipt that shows one of these rows, which this transaction deletes."""
    delete_receipts(session, pair(Receipt.caller, Receipt.key).in_(_showing(model, keys)))


def forget_caller(session: Session, caller: str) -> None:
    """Delete the receipts of a caller that can ask for none of them any more."""
    delete_receipts(session, Receipt.caller == caller)


def amend(
    session: Session, row: Base, change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> None:
    """Rewrite the answers that show ``row``, which this transaction changes.

    ``change`` gives the answer as it is from now on, or None where it says nothing of the change.
    """
    session.flush()
    showing = pair(Receipt.caller, Receipt.key).in_(_showing(type(row), [row_key(row)]))
    for receipt in session.scalars(select(Receipt).where(showing).with_for_update()):
        if (changed := change(json.loads(receipt.answer))) is not None:
            receipt.answer = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))


def shown(session: Session, model: type[Base], keys: Sequence[int]) -> set[int]:
    """Those of the rows that a receipt shows."""
    mine = Subject.row_table == model.__tablename__, Subject.row_key.in_(keys)
    return set(session.scalars(select(Subject.row_key).where(*mine)))


def delete_receipts(session: Session, which: Any) -> None:  # noqa: ANN401 - a comparison of any columns
    """Delete the receipts for which ``which`` holds, and the rows that say what they show."""
    session.flush()
    session.execute(delete(Receipt).where(which).execution_options(**IN_SQL_ALONE))


def row_key(row: Base) -> int:
    """The row's internal key; ``ValueError`` where it has none yet."""
    (key,) = inspect(row).identity or (None,)
    if key is None:
        raise ValueError(f"{row!r} has no key yet: flush it before its answer is kept")
    return int(key)


def _showing(model: type[Base], keys: Sequence[int] | Select[int]) -> Select[str, str]:
    return select(Subject.caller, Subject.key).where(
        Subject.row_table == model.__tablename__, Subject.row_key.in_(keys)
    )
