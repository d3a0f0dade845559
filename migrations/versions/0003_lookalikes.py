"""Collections say what becomes of an image that looks like another person."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step. The column is added in place: to copy the table would lose AUTOINCREMENT."""
    op.add_column(
        "collections",
        sa.Column("lookalikes", sa.String(length=8), nullable=False, server_default="warn"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("collections", "lookalikes")
