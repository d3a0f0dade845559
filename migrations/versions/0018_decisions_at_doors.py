"""Settings of doors for decisions; what was granted, suspected and seen a moment ago."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_FRAMES = {"min_used": 3, "agree": 0.6, "max_age_ms": 2000, "min_span_ms": 0}
_BLOCK_AFTER = {"spoofs": 5, "window_s": 120, "block_s": 30, "max_block_s": 300}
_NEVER_AGAIN = {"sqlite_autoincrement": True}
_SETTINGS = ("frames", "second_face", "liveness", "unknown_after_ms", "block_after")


def upgrade() -> None:
    """Take the step."""
    _add_settings()
    op.create_table(
        "door_grants",
        sa.Column("person_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("door_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("granted_at", _TIME, nullable=False),
        sa.Column("valid_until", _TIME, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        _refers("door_grants", "door_key", "doors"),
        _refers("door_grants", "person_key", "persons"),
        sa.PrimaryKeyConstraint("person_key", "door_key", name=op.f("pk_door_grants")),
    )
    op.create_index(op.f("ix_door_grants_door_key"), "door_grants", ["door_key"])
    op.create_index(op.f("ix_door_grants_granted_at"), "door_grants", ["granted_at"])
    op.create_table(
        "door_spoofs",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("door_key", _INTEGER, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        _refers("door_spoofs", "door_key", "doors"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_door_spoofs")),
    )
    op.create_index(
        op.f("ix_door_spoofs_door_key_door_spoofs_seen_at"), "door_spoofs", ["door_key", "seen_at"]
    )
    op.create_table(
        "door_visits",
        sa.Column("door_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        _refers("door_visits", "door_key", "doors"),
        sa.PrimaryKeyConstraint("door_key", name=op.f("pk_door_visits")),
    )


def downgrade() -> None:
    """Take it back."""
    for name in ("door_visits", "door_spoofs", "door_grants"):
        op.drop_table(name)
    for name in reversed(_SETTINGS):
        op.drop_column("doors", name)


def _add_settings() -> None:
    """PostgreSQL cannot compare JSON, so that a default of it could not be held against the models:
    doors that are there get theirs by an update.
    """
    for column in (
        sa.Column("frames", sa.JSON(), nullable=True),
        sa.Column("second_face", sa.String(length=8), nullable=False, server_default="ignore"),
        sa.Column("liveness", sa.String(length=8), nullable=False, server_default="off"),
        sa.Column("unknown_after_ms", _INTEGER, nullable=False, server_default="3000"),
        sa.Column("block_after", sa.JSON(), nullable=True),
    ):
        op.add_column("doors", column)
    doors = sa.table("doors", sa.column("frames", sa.JSON()), sa.column("block_after", sa.JSON()))
    op.execute(sa.update(doors).values(frames=_FRAMES, block_after=_BLOCK_AFTER))
    with op.batch_alter_table("doors", table_kwargs=_NEVER_AGAIN) as batch_op:
        for name in ("frames", "block_after"):
            batch_op.alter_column(name, existing_type=sa.JSON(), nullable=False)


def _refers(name: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{table}.key"],
        name=op.f(f"fk_{name}_{column}_{table}"),
        ondelete="CASCADE",
    )
