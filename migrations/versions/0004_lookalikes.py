"""Collections say what becomes of an image that looks like another person."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step."""
    with op.batch_alter_table("collections") as batch_op:
        batch_op.add_column(sa.Column("lookalikes", sa.String(length=8), nullable=True))
    op.execute("UPDATE collections SET lookalikes = 'warn'")
    with op.batch_alter_table("collections") as batch_op:
        batch_op.alter_column("lookalikes", existing_type=sa.String(length=8), nullable=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("collections") as batch_op:
        batch_op.drop_column("lookalikes")
