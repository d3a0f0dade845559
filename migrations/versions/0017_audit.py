"""The audit: chains of rows that say what happened."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "audit_chains",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=True),
        sa.Column("collection_id", sa.String(length=64), nullable=True),
        sa.Column("of_site", sa.Boolean(), nullable=True),
        sa.Column("seq", _INTEGER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("kept_after", _INTEGER, nullable=False),
        sa.Column("purged_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_audit_chains_collection_key_collections"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_audit_chains")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_chains_id")),
        sa.UniqueConstraint("collection_key", name=op.f("uq_audit_chains_collection_key")),
        sa.UniqueConstraint("of_site", name=op.f("uq_audit_chains_of_site")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_chains_collection_id"), "audit_chains", ["collection_id"])
    _create_rows()


def downgrade() -> None:
    """Take it back."""
    op.drop_table("audit_rows")
    op.drop_table("audit_chains")


def _create_rows() -> None:
    op.create_table(
        "audit_rows",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("chain_key", _INTEGER, nullable=False),
        sa.Column("seq", _INTEGER, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain_key"],
            ["audit_chains.key"],
            name=op.f("fk_audit_rows_chain_key_audit_chains"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_audit_rows")),
        sa.UniqueConstraint("chain_key", "seq", name=op.f("uq_audit_rows_chain_key_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_rows_at"), "audit_rows", ["at"])
    op.create_index(
        op.f("ix_audit_rows_chain_key_audit_rows_object_id_audit_rows_key"),
        "audit_rows",
        ["chain_key", "object_id", "key"],
    )
