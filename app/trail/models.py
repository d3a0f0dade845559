"""The tables of the trail: chains of the audit with their rows, sealed pictures, and events."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base


class Chain(Base):
    """A chain of rows: of one collection, or of all that belongs to none, such as keys.

    ``seq`` and ``hash`` are those of the newest row, its head. Rows up to ``kept_after`` were
    purged, and ``purged_hash`` is the hash of the last of them. A chain outlives its collection:
    ``collection_key`` is then null and ``collection_id`` stays. ``of_site``: the chain of all that
    belongs to no collection, of which there is one; null for any other.
    """

    __tablename__ = "audit_chains"
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    collection_key: Mapped[int | None] = mapped_column(
        ForeignKey("collections.key", ondelete="SET NULL"), unique=True
    )
    collection_id: Mapped[str | None] = mapped_column(String(64), index=True)
    of_site: Mapped[bool | None] = mapped_column(unique=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    kept_after: Mapped[int]
    purged_hash: Mapped[str] = mapped_column(String(64))


class Row(Base):
    """One thing that happened. ``body`` is canonical JSON and says all of it; ``hash`` is its
    SHA-256. The other columns repeat what rows are looked for by.
    """

    __tablename__ = "audit_rows"
    __table_args__ = (
        UniqueConstraint("chain_key", "seq"),
        Index("ix_audit_rows_of_object", "chain_key", "object_id", "at", "key"),
        Index("ix_audit_rows_of_person", "chain_key", "object_id", "person_id", "at", "key"),
        Index("ix_audit_rows_of_reason", "chain_key", "object_id", "reason", "at", "key"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    chain_key: Mapped[int] = mapped_column(ForeignKey("audit_chains.key", ondelete="CASCADE"))
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


class Evidence(Base):
    """A picture behind the row ``seq`` of a chain, ``sealed`` to the key named ``sealed_to``;
    ``place`` is its place in the row's ``probe``. It goes with the row, and with the person whom it
    shows. The row has its hash, and stays.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["chain_key", "seq"], ["audit_rows.chain_key", "audit_rows.seq"], ondelete="CASCADE"
        ),
        {"info": NOT_ARCHIVED},
    )

    chain_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_key: Mapped[int] = mapped_column(
        ForeignKey("persons.key", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(index=True)
    sealed_to: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Event(Base):
    """An event for others; ``body`` is all of it as JSON, also its ``source`` and ``type``.

    ``position`` counts all events in the order in which they were committed: the counter's row is
    held until then, so that no reader passes by one that commits late.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "source", "position"),
        Index(None, "collection_key", "position"),
        {"info": NOT_ARCHIVED},
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    collection_key: Mapped[int | None] = mapped_column(
        ForeignKey("collections.key", ondelete="SET NULL")
    )
    of_site: Mapped[bool]
    source: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(Text)


class EventCounter(Base):
    """How many events there were: of a source, and under an empty name of all together."""

    __tablename__ = "event_counters"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[int]
