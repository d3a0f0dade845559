"""A door says which types of credentials the answer of a grant reveals: none, until somebody sets
it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NEVER_AGAIN = {"sqlite_autoincrement": True}


def upgrade() -> None:
    """Take the step. PostgreSQL cannot compare JSON, so doors get their value by an update."""
    op.add_column("doors", sa.Column("reveal", sa.JSON(), nullable=True))
    op.execute(sa.update(sa.table("doors", sa.column("reveal", sa.JSON()))).values(reveal=[]))
    with op.batch_alter_table("doors", table_kwargs=_NEVER_AGAIN) as batch_op:
        batch_op.alter_column("reveal", existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_column("doors", "reveal")
