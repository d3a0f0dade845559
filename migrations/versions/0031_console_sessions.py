"""Browsers sign in to the console."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0029"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_TABLE = "console_sessions"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        _TABLE,
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("api_key", _INTEGER, nullable=True),
        sa.Column("proof", sa.String(length=64), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key"],
            ["api_keys.key"],
            name=op.f("fk_console_sessions_api_key_api_keys"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_console_sessions")),
    )
    op.create_index(op.f("ix_console_sessions_api_key"), _TABLE, ["api_key"])
    op.create_index(op.f("ix_console_sessions_seen_at"), _TABLE, ["seen_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table(_TABLE)
