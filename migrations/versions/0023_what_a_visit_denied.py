"""Denials of one visit at a door, for each reason and person; before, unknown faces alone."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_NAME = "door_visits"


def upgrade() -> None:
    """Take the step. The rows that go are of the last seconds before it."""
    op.drop_table(_NAME)
    op.create_table(
        _NAME,
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("door_key", _INTEGER, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("person_key", _INTEGER, nullable=True),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        _refers("door_key", "doors"),
        _refers("person_key", "persons"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_door_visits")),
    )
    op.create_index("ix_door_visits_denial", _NAME, ["door_key", "reason", "person_key"])
    for column in ("person_key", "seen_at"):
        op.create_index(op.f(f"ix_door_visits_{column}"), _NAME, [column])


def downgrade() -> None:
    """Take it back."""
    op.drop_table(_NAME)
    op.create_table(
        _NAME,
        sa.Column("door_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        _refers("door_key", "doors"),
        sa.PrimaryKeyConstraint("door_key", name=op.f("pk_door_visits")),
    )


def _refers(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{table}.key"],
        name=op.f(f"fk_door_visits_{column}_{table}"),
        ondelete="CASCADE",
    )
