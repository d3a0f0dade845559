"""Sealed pictures, on which decisions at doors were made."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "evidence",
        sa.Column("chain_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("seq", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("place", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("person_key", _INTEGER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_to", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain_key", "seq"],
            ["audit_rows.chain_key", "audit_rows.seq"],
            name=op.f("fk_evidence_chain_key_audit_rows"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_key"],
            ["persons.key"],
            name=op.f("fk_evidence_person_key_persons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chain_key", "seq", "place", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_person_key"), "evidence", ["person_key"])
    op.create_index(op.f("ix_evidence_at"), "evidence", ["at"])


def downgrade() -> None:
    """Take it back: the pictures go, their hashes stay in the audit."""
    op.drop_table("evidence")
