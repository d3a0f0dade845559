"""The memory of doors, which lasts for a moment: grants, suspected spoofs, and
what was denied in one visit.

None of it is a record of who passed: rows go once no decision asks for them, and no archive holds
them.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base

_DOOR = "doors.key"


class DoorGrant(Base):
    """The latest grant of a person at a door, and the id of its event."""

    __tablename__ = "door_grants"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    person_key: Mapped[int] = mapped_column(
        ForeignKey("persons.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    door_key: Mapped[int] = mapped_column(
        ForeignKey(_DOOR, ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    granted_at: Mapped[datetime] = mapped_column(index=True)
    valid_until: Mapped[datetime]
    event_id: Mapped[str] = mapped_column(String(64))


class DoorSpoof(Base):
    """A suspected spoof at a door."""

    __tablename__ = "door_spoofs"
    __table_args__ = (Index(None, "door_key", "seen_at"), {"info": NOT_ARCHIVED})

    key: Mapped[int] = mapped_column(primary_key=True)
    door_key: Mapped[int] = mapped_column(ForeignKey(_DOOR, ondelete="CASCADE"))
    seen_at: Mapped[datetime]


class DoorVisit(Base):
    """The denials of a door for one ``reason`` since ``began_at``, to one person or to nobody
    known, last ``seen_at``; its one event, once made.
    """

    __tablename__ = "door_visits"
    __table_args__ = (
        Index("ix_door_visits_denial", "door_key", "reason", "person_key"),
        {"info": NOT_ARCHIVED},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    door_key: Mapped[int] = mapped_column(ForeignKey(_DOOR, ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(String(32))
    person_key: Mapped[int | None] = mapped_column(
        ForeignKey("persons.key", ondelete="CASCADE"), index=True
    )
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    event_id: Mapped[str | None] = mapped_column(String(64))
