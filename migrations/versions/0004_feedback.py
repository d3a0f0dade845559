"""Adds the reports of operators about answers, and the counts that they are compared with."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTS: dict[str, sa.types.TypeEngine[Any]] = {
    "probes": _INTEGER,
    "expected_false_positives": sa.Double(),
    "false_positives": _INTEGER,
}


def upgrade() -> None:
    """Take the step."""
    for name, kind in _COUNTS.items():
        op.add_column("collections", sa.Column(name, kind, nullable=False, server_default="0"))
    op.create_table(
        "feedback",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("person_key", _INTEGER, nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("probe_sha256", sa.String(length=64), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("revision", _INTEGER, nullable=False),
        sa.Column("contract_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_feedback_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_key"],
            ["persons.key"],
            name=op.f("fk_feedback_person_key_persons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feedback")),
        sa.UniqueConstraint("id", name=op.f("uq_feedback_id")),
        sa.UniqueConstraint(
            "person_key", "probe_sha256", name=op.f("uq_feedback_person_key_probe_sha256")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("feedback") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feedback_collection_key"), ["collection_key"], unique=False
        )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("feedback")
    for name in _COUNTS:
        op.drop_column("collections", name)
