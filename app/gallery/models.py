"""The gallery's tables. ``key`` is a row's internal number and is never reused. ``id`` is the id in
the API; clients may use it again after a deletion. A face's ``id`` is its key; clients see its
``number``.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, and_, false
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from app.core.db import Base
from app.feedback.models import ProbeCounts
from app.replication.history import Position


class Collection(Base):
    """A gallery with its policy. ``position`` is where it is in its history, and is read with it;
    it changes through ``app.replication.history`` alone. ``counts`` are of its contract.
    ``next_face`` is the number of the next face that is enrolled; it never goes back.
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
    unlike: Mapped[str] = mapped_column(String(8), server_default="warn", default="warn")
    keep_probes: Mapped[int] = mapped_column(server_default="0", default=0)
    keep_crops: Mapped[bool] = mapped_column(server_default=false(), default=False)
    show_candidates: Mapped[bool] = mapped_column(server_default=false(), default=False)
    min_face_size: Mapped[int] = mapped_column(server_default="0", default=0)
    attributes: Mapped[dict[str, Any]] = mapped_column("metadata")
    contract_id: Mapped[str] = mapped_column(String(64))
    next_face: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The database deletes it with the collection.
    position: Mapped[Position] = relationship(lazy="joined", innerjoin=True, passive_deletes="all")
    # Those of every contract, to make the first; and those of the collection's own, which are read
    # with it.
    all_counts: Mapped[list[ProbeCounts]] = relationship(lazy="raise", passive_deletes="all")
    counts: Mapped[ProbeCounts | None] = relationship(
        lazy="joined",
        viewonly=True,
        primaryjoin=lambda: and_(
            Collection.key == foreign(ProbeCounts.collection_key),
            Collection.contract_id == foreign(ProbeCounts.contract_id),
        ),
    )

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - of any column
        """A new collection begins a history, and has counted nothing."""
        counts = [ProbeCounts(contract_id=values["contract_id"])]
        super().__init__(**{"position": Position(), "all_counts": counts, **values})

    @property
    def revision(self) -> int:
        """The collection's revision when this was read."""
        return self.position.revision

    @property
    def epoch(self) -> str:
        """The history that the revision belongs to."""
        return self.position.epoch


class Person(Base):
    """Somebody enrolled; named only between ``valid_from`` and ``valid_until``. At a door a person
    who is ``suspended`` is denied; ``suspended_by_sync`` says that no person did it.
    """

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
    suspended: Mapped[bool] = mapped_column(server_default=false(), default=False)
    suspended_by_sync: Mapped[bool] = mapped_column(server_default=false(), default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The database deletes them with the person. A query that shows many persons loads them at once.
    credentials: Mapped[list["Credential"]] = relationship(
        order_by="Credential.position", cascade="all, delete-orphan", passive_deletes=True
    )


class Credential(Base):
    """The name by which another system knows a person: a card's number, an id, an address.
    ``position`` is its place among the person's. ``value`` is a secret: no answer, log or error
    shows it.
    """

    __tablename__ = "credentials"
    __table_args__ = (
        UniqueConstraint("collection_key", "system", "type", "value"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    collection_key: Mapped[int] = mapped_column(ForeignKey("collections.key", ondelete="CASCADE"))
    person_key: Mapped[int] = mapped_column(
        ForeignKey("persons.key", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    system: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(8))
    format: Mapped[str | None] = mapped_column(String(256))
    value: Mapped[str] = mapped_column(String(256))


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
    turned_degrees: Mapped[int] = mapped_column(server_default="0", default=0)
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


class Dismissal(Base):
    """An operator's word that two persons who look alike are two people: the person of the lower
    key is ``one``. ``key_id`` is the id of the key that said so, None for a command.

    It was said of the faces numbered below ``next_face``, and goes when one of the two has none of
    those left.
    """

    __tablename__ = "dismissals"

    one_key: Mapped[int] = mapped_column(
        ForeignKey("persons.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    other_key: Mapped[int] = mapped_column(
        ForeignKey("persons.key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )
    collection_key: Mapped[int] = mapped_column(
        ForeignKey("collections.key", ondelete="CASCADE"), index=True
    )
    next_face: Mapped[int]
    key_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
