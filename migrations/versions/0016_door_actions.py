"""Doors have actions."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "door_actions",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("door_key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["door_key"],
            ["doors.key"],
            name=op.f("fk_door_actions_door_key_doors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_door_actions")),
        sa.UniqueConstraint("door_key", "id", name=op.f("uq_door_actions_door_key_id")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Take it back: the actions go, and nothing is sent any more."""
    op.drop_table("door_actions")
