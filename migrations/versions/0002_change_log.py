"""The change log is compacted, and knows one history of a collection from another."""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# SQLite changes a column by making a new table, which otherwise loses AUTOINCREMENT.
_NEVER_AGAIN = {"sqlite_autoincrement": True}


def upgrade() -> None:
    """Take the step."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("collections", sa.Column("epoch", sa.String(length=32), nullable=True))
    op.add_column("collections", sa.Column("log_since", number, nullable=True))
    collections = sa.table(
        "collections", sa.column("key"), sa.column("epoch"), sa.column("log_since")
    )
    connection = op.get_bind()
    for (key,) in connection.execute(sa.select(collections.c.key)).all():
        values = {"epoch": secrets.token_hex(16), "log_since": 0}
        connection.execute(sa.update(collections).where(collections.c.key == key).values(**values))
    with op.batch_alter_table("collections", table_kwargs=_NEVER_AGAIN) as batch:
        batch.alter_column("epoch", nullable=False, existing_type=sa.String(length=32))
        batch.alter_column("log_since", nullable=False, existing_type=number)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("collections", table_kwargs=_NEVER_AGAIN) as batch:
        batch.drop_column("log_since")
        batch.drop_column("epoch")
