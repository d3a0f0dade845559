"""The state and the time of the last event of each door's health."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step: every state that is there has its event."""
    op.add_column("door_health", sa.Column("published", sa.String(length=16)))
    op.add_column("door_health", sa.Column("published_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE door_health SET published = state, published_at = since")


def downgrade() -> None:
    """Take it back."""
    op.drop_column("door_health", "published_at")
    op.drop_column("door_health", "published")
