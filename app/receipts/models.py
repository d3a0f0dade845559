"""The tables of receipts."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base


class Receipt(Base):
    """The first answer to a key of one caller."""

    __tablename__ = "idempotency_receipts"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


class Subject(Base):
    """A row that a receipt's answer shows, by its table and its internal key.

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
        {"info": NOT_ARCHIVED},
    )

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    row_table: Mapped[str] = mapped_column(String(64), primary_key=True)
    row_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
