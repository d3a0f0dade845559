"""A person knows whether a sync suspended them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        "persons",
        sa.Column("suspended_by_sync", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """Take it back: those whom a sync suspended stay suspended."""
    with op.batch_alter_table("persons") as batch_op:
        batch_op.drop_column("suspended_by_sync")
