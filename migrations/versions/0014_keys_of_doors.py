"""Keys may be bound to doors."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("api_keys", sa.Column("door_keys", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take it back; keys of doors have a scope that older releases do not know: they go."""
    keys = sa.table("api_keys", sa.column("door_keys", sa.JSON(none_as_null=True)))
    op.execute(sa.delete(keys).where(keys.c.door_keys.is_not(None)))
    op.drop_column("api_keys", "door_keys")
