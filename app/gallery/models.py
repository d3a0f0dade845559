"""The gallery's tables. ``key`` is a row's internal number, never reused; ``id`` is what clients
see and may choose anew after a deletion. A face's ``id`` is its key; clients see its ``number``.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.replication.history import Position


class Collection(Base):
    """A gallery with its policy. ``position`` is where it is in its history, and is read with it;
    it changes through ``app.replication.history`` alone. ``next_face`` is the number of the next
    face that is enrolled; it never goes back.
    """

    __tablename__ = "collections"
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(String(256))
    target_fpir: Mapped[float]
    target_fmr: Mapped[float]
    max_faces_per_person: Mapped[int]
    lookalikes: Mapped[str] = mapped_column(String(8), server_default="warn", default="warn")
    # What identifications stated of their probes and what was confirmed wrong: see the feedback.
    probes: Mapped[int] = mapped_column(server_default="0", default=0)
    expected_false_positives: Mapped[float] = mapped_column(server_default="0", default=0.0)
    false_positives: Mapped[int] = mapped_column(server_default="0", default=0)
    keep_probes: Mapped[int] = mapped_column(server_default="0", default=0)
    keep_crops: Mapped[bool] = mapped_column(server_default=false(), default=False)
    show_candidates: Mapped[bool] = mapped_column(server_default=false(), default=False)
    attributes: Mapped[dict[str, Any]] = mapped_column("metadata")
    contract_id: Mapped[str] = mapped_column(String(64))
    next_face: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The database deletes it with the collection.
    position: Mapped[Position] = relationship(lazy="joined", innerjoin=True, passive_deletes="all")

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - of any column
        """A new collection begins a history."""
        super().__init__(**{"position": Position(), **values})

    @property
    def revision(self) -> int:
        """How many changes there were of who is enrolled, when this was read."""
        return self.position.revision

    @property
    def epoch(self) -> str:
        """The history that the revision belongs to."""
        return self.position.epoch


class Person(Base):
    """Somebody enrolled; named only between ``valid_from`` and ``valid_until``."""

    __tablename__ = "persons"
    __table_args__ = (
        UniqueConstraint("collection_key", "id"),
        UniqueConstraint("collection_key", "external_id"),
        Index(None, "collection_key", "name"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    collection_key: Mapped[int] = mapped_column(ForeignKey("collections.key", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(256))
    external_id: Mapped[str | None] = mapped_column(String(256))
    attributes: Mapped[dict[str, Any]] = mapped_column("metadata")
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Face(Base):
    """One template: the embedding as little-endian float32, and where it was found.

    ``id`` counts the faces of all collections, so no client sees it: they know a face by its
    ``number`` in its collection, from 1, which no other face of that collection ever gets.
    """

    __tablename__ = "faces"
    __table_args__ = (
        UniqueConstraint("person_key", "image_sha256"),
        Index(None, "collection_key", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(server_default="0")  # no face keeps it: see the migration
    person_key: Mapped[int] = mapped_column(ForeignKey("persons.key", ondelete="CASCADE"))
    collection_key: Mapped[int] = mapped_column(ForeignKey("collections.key", ondelete="CASCADE"))
    contract_id: Mapped[str] = mapped_column(String(64))
    embedding: Mapped[bytes] = mapped_column(LargeBinary)
    image_sha256: Mapped[str] = mapped_column(String(64))
    box: Mapped[dict[str, Any]]
    detection_score: Mapped[float]
    quality: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Crop(Base):
    """The pixels that the embedder saw of a face, where the collection keeps them: a PNG.

    ``crop_id`` names what made them (``Manifest.crop_id``). No route ever answers one.
    """

    __tablename__ = "crops"

    face_id: Mapped[int] = mapped_column(
        ForeignKey("faces.id", ondelete="CASCADE"), primary_key=True
    )
    crop_id: Mapped[str] = mapped_column(String(64))
    png: Mapped[bytes] = mapped_column(LargeBinary)


class OtherTemplate(Base):
    """A face's embedding under another contract than its collection's: computed for a switch to
    that model, or left by a switch away from it. Nothing is ever compared with one.
    """

    __tablename__ = "other_templates"

    face_id: Mapped[int] = mapped_column(
        ForeignKey("faces.id", ondelete="CASCADE"), primary_key=True
    )
    contract_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    embedding: Mapped[bytes] = mapped_column(LargeBinary)


class FormerCounts(Base):
    """What a collection had counted of its probes when it was switched away from a contract."""

    __tablename__ = "former_counts"

    collection_key: Mapped[int] = mapped_column(
        ForeignKey("collections.key", ondelete="CASCADE"), primary_key=True
    )
    contract_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    probes: Mapped[int]
    expected_false_positives: Mapped[float]


class Feedback(Base):
    """An operator's word on whether a probe was of a person; the embedding, never the image.

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
