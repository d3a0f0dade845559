"""Feedback keeps the key that gave it, so that one key moves a threshold by a bounded amount."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step. Who said what was said before is not known: it counts as one key's."""
    op.add_column("feedback", sa.Column("reporter", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("feedback", "reporter")
