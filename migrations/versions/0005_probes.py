"""The last unknown probes of a collection, where it keeps such."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        "collections", sa.Column("keep_probes", _INTEGER, nullable=False, server_default="0")
    )
    op.create_table(
        "probes",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_probes_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_probes")),
        sa.UniqueConstraint("id", name=op.f("uq_probes_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("probes") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_probes_collection_key"), ["collection_key"], unique=False
        )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("probes")
    op.drop_column("collections", "keep_probes")
