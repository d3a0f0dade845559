"""A collection says the smallest face that is compared with its people; 0: the setting alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        "collections",
        sa.Column(
            "min_face_size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("collections", "min_face_size")
