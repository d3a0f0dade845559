"""A key says what the CompreFace-compatible API answers for a face of nobody."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("api_keys", sa.Column("unknown", sa.String(length=8)))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("api_keys", "unknown")
