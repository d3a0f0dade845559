"""The tables of webhooks. Their positions of events have a meaning in one database alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base
from app.gallery.models import Collection


class Webhook(Base):
    """An endpoint. ``content`` holds the rest of what the administrator sent: no secret, but the
    names of secrets. ``collection_key`` null: the whole site.

    ``read_to`` is the position of the last event that its lanes know of. Nothing is sent before
    ``not_before``, which is set where the endpoint asked for a pause.
    """

    __tablename__ = "webhooks"
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(String(256))
    collection_key: Mapped[int | None] = mapped_column(
        ForeignKey("collections.key", ondelete="CASCADE"), index=True
    )
    content: Mapped[dict[str, Any]]
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(String(32))
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    read_to: Mapped[int] = mapped_column(default=0, info=NOT_ARCHIVED)
    not_before: Mapped[datetime | None] = mapped_column(info=NOT_ARCHIVED)
    collection: Mapped[Collection | None] = relationship()

    @property
    def collection_id(self) -> str | None:
        """The id of its collection; None for the whole site."""
        return None if self.collection is None else self.collection.id


class Lane(Base):
    """The events of one source for one endpoint.

    Those up to ``sent_to`` were handled; up to ``newest`` there are some for it. After ``attempts``
    at the event at ``trying`` it waits until ``next_at``. A process that sends holds it until
    ``claimed_until``.
    """

    __tablename__ = "webhook_lanes"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    webhook_key: Mapped[int] = mapped_column(
        ForeignKey("webhooks.key", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    sent_to: Mapped[int]
    newest: Mapped[int]
    trying: Mapped[int]
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]


class DeadLetter(Base):
    """An event that an endpoint did not take in all its attempts; it is deleted with the event.

    ``replay_at`` is when it is sent again; null: it is not.
    """

    __tablename__ = "webhook_dead_letters"
    __table_args__ = (
        UniqueConstraint("webhook_key", "position"),
        {"info": NOT_ARCHIVED, "sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    webhook_key: Mapped[int] = mapped_column(ForeignKey("webhooks.key", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(
        ForeignKey("events.position", ondelete="CASCADE"), index=True
    )
    died_at: Mapped[datetime]
    attempts: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(512))
    replay_at: Mapped[datetime | None]
