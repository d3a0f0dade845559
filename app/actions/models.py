"""The table of actions. An action goes with its door."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class DoorAction(Base):
    """One action of a door. ``content`` holds the fields that the administrator sent, without
    ``name``: no secret, but the names of secrets.
    """

    __tablename__ = "door_actions"
    __table_args__ = (UniqueConstraint("door_key", "id"), {"sqlite_autoincrement": True})

    key: Mapped[int] = mapped_column(primary_key=True)
    door_key: Mapped[int] = mapped_column(ForeignKey("doors.key", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(256))
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
