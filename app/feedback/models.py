"""The tables of reports, counts and kept probes. They refer to collections and persons by key."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Feedback(Base):
    """An operator's report whether a probe was of a person; the embedding, never the image.

    ``counted``: a false positive, that is, a probe for which the service named the wrong person.
    ``reporter`` is the id of the key that said so; None where an earlier Kith kept no record of it.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("person_key", "probe_sha256"),
        Index(None, "collection_key"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    collection_key: Mapped[int] = mapped_column(ForeignKey("collections.key", ondelete="CASCADE"))
    person_key: Mapped[int] = mapped_column(ForeignKey("persons.key", ondelete="CASCADE"))
    verdict: Mapped[str] = mapped_column(String(8))
    counted: Mapped[bool]
    embedding: Mapped[bytes] = mapped_column(LargeBinary)
    probe_sha256: Mapped[str] = mapped_column(String(64))
    similarity: Mapped[float]
    threshold: Mapped[float]
    revision: Mapped[int]
    contract_id: Mapped[str] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(String(64))
    reporter: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Probe(Base):
    """An unknown face, where the collection keeps such: the embedding, never the image."""

    __tablename__ = "probes"
    __table_args__ = (Index(None, "collection_key"), {"sqlite_autoincrement": True})

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    collection_key: Mapped[int] = mapped_column(ForeignKey("collections.key", ondelete="CASCADE"))
    embedding: Mapped[bytes] = mapped_column(LargeBinary)
    source: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]


class ProbeCounts(Base):
    """The counts of a collection under one contract: its ``probes``, the false positives expected
    if all that count had been strangers, and the confirmed ones.

    A row is made with the collection and at each switch to a contract, so that counting only
    updates it, and never waits for who holds the collection.
    """

    __tablename__ = "probe_counts"

    collection_key: Mapped[int] = mapped_column(
        ForeignKey("collections.key", ondelete="CASCADE"), primary_key=True
    )
    contract_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    probes: Mapped[int] = mapped_column(default=0)
    expected_false_positives: Mapped[float] = mapped_column(default=0.0)
    false_positives: Mapped[int] = mapped_column(default=0)
