"""The state of each door's client."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "door_health",
        sa.Column("door_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=32), nullable=True),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("reported_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["door_key"],
            ["doors.key"],
            name=op.f("fk_door_health_door_key_doors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("door_key", name=op.f("pk_door_health")),
    )
    op.create_index(op.f("ix_door_health_reported_at"), "door_health", ["reported_at"])


def downgrade() -> None:
    """Take it back: the states of the doors are lost."""
    op.drop_table("door_health")
