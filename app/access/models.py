"""The tables of doors and of the rules for them.

Every row belongs to a collection, has an ``id`` in it, and the ``revision`` of the collection's
policy at which it was made or last changed. References are deleted with what they refer to, so
that a deleted collection leaves nothing; the services refuse to delete what a row still names.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core.bulk import NOT_ARCHIVED
from app.core.db import Base

_COLLECTION = "collections.key"


class _Frames(NamedTuple):
    """The frames that a door needs if nobody says otherwise."""

    min_used: int = 3
    agree: float = 0.6
    max_age_ms: int = 2000
    min_span_ms: int = 0
    min_face_size: int = 80


FRAMES: Final = _Frames()
_BLOCK_AFTER: Final = {"spoofs": 5, "window_s": 120, "block_s": 30, "max_block_s": 300}
"""Settings of a door in a backup from before there were these."""


class PolicyRevision(Base):
    """How often the doors, zones, groups, memberships, schedules and rules of a collection changed;
    a collection without a row never had any.
    """

    __tablename__ = "policy_revisions"

    collection_key: Mapped[int] = mapped_column(
        ForeignKey(_COLLECTION, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    revision: Mapped[int]


class PolicyRow(Base):
    """The columns that all of these have."""

    __abstract__ = True

    key: Mapped[int] = mapped_column(primary_key=True)
    collection_key: Mapped[int] = mapped_column(ForeignKey(_COLLECTION, ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(256))
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - a class, as SQLAlchemy asks
        """An id is unique in its collection; a key is never used again."""
        return (UniqueConstraint("collection_key", "id"), {"sqlite_autoincrement": True})


class Zone(PolicyRow):
    """A part of the site."""

    __tablename__ = "zones"

    locked_down: Mapped[bool]


class Door(PolicyRow):
    """One camera and one direction. ``ref`` holds the names that other systems have for it,
    ``frames`` and ``block_after`` the fields of ``door_schemas``.
    """

    __tablename__ = "doors"

    zone_key: Mapped[int | None] = mapped_column(
        ForeignKey("zones.key", ondelete="CASCADE"), index=True
    )
    mode: Mapped[str] = mapped_column(String(8))
    direction: Mapped[str] = mapped_column(String(8))
    enabled: Mapped[bool]
    locked_down: Mapped[bool]
    ref: Mapped[dict[str, Any]]
    grant_ttl_ms: Mapped[int]
    cooldown_ms: Mapped[int]
    exclusive_ms: Mapped[int]
    frames: Mapped[dict[str, Any]] = mapped_column(default=FRAMES._asdict)
    second_face: Mapped[str] = mapped_column(String(8), server_default="ignore", default="ignore")
    liveness: Mapped[str] = mapped_column(String(8), server_default="off", default="off")
    unknown_after_ms: Mapped[int] = mapped_column(server_default="3000", default=3000)
    block_after: Mapped[dict[str, Any]] = mapped_column(default=lambda: _BLOCK_AFTER)
    reveal: Mapped[list[str]] = mapped_column(default=list)
    zone: Mapped[Zone | None] = relationship(lazy="joined")
    health: Mapped["DoorHealth | None"] = relationship(lazy="joined", viewonly=True)

    @property
    def wanted_frames(self) -> dict[str, Any]:
        """``frames``, with the default of each setting that is newer than the row. Older settings
        have no default here: a row without them is damaged, and its door denies.
        """
        return {"min_face_size": FRAMES.min_face_size} | self.frames


class DoorHealth(Base):
    """The last report of a door's client: its ``state``, ``since`` when it is in it, and a word of
    ``detail``. A client that stopped reporting is ``silent``; a client that never reported has no
    row. ``published`` is the state of the last event, of ``published_at``.
    """

    __tablename__ = "door_health"
    __table_args__ = ({"info": NOT_ARCHIVED},)

    door_key: Mapped[int] = mapped_column(
        ForeignKey("doors.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    state: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(String(32))
    since: Mapped[datetime]
    reported_at: Mapped[datetime] = mapped_column(index=True)
    published: Mapped[str | None] = mapped_column(String(16))
    published_at: Mapped[datetime | None]


class Group(PolicyRow):
    """Persons who may pass the same doors at the same times."""

    __tablename__ = "groups"


class Membership(Base):
    """A person's place in a group, from ``valid_from`` until ``valid_until``."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("group_key", "person_key"),
        Index(None, "person_key"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    group_key: Mapped[int] = mapped_column(ForeignKey("groups.key", ondelete="CASCADE"))
    person_key: Mapped[int] = mapped_column(ForeignKey("persons.key", ondelete="CASCADE"))
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


class Schedule(PolicyRow):
    """A week of hours in a time zone, and special days: lists in the form that clients send."""

    __tablename__ = "schedules"

    time_zone: Mapped[str] = mapped_column(String(64))
    week: Mapped[list[dict[str, Any]]]
    special_days: Mapped[list[dict[str, Any]]]


class Rule(PolicyRow):
    """A group may pass a door, or every door of a zone, while a schedule is open."""

    __tablename__ = "rules"

    group_key: Mapped[int] = mapped_column(ForeignKey("groups.key", ondelete="CASCADE"), index=True)
    door_key: Mapped[int | None] = mapped_column(
        ForeignKey("doors.key", ondelete="CASCADE"), index=True
    )
    zone_key: Mapped[int | None] = mapped_column(
        ForeignKey("zones.key", ondelete="CASCADE"), index=True
    )
    schedule_key: Mapped[int] = mapped_column(
        ForeignKey("schedules.key", ondelete="CASCADE"), index=True
    )
    group: Mapped[Group] = relationship(lazy="joined", innerjoin=True)
    door: Mapped[Door | None] = relationship(lazy="joined")
    zone: Mapped[Zone | None] = relationship(lazy="joined")
    schedule: Mapped[Schedule] = relationship(lazy="joined", innerjoin=True)
