"""Operators say of pairs of persons who look alike that they are two people."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "dismissals"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        _TABLE,
        sa.Column("one_key", _INTEGER, autoincrement=False, nullable=False),
        sa.Column("other_key", _INTEGER, autoincrement=False, nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("next_face", _INTEGER, nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["one_key"],
            ["persons.key"],
            name=op.f("fk_dismissals_one_key_persons"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_key"],
            ["persons.key"],
            name=op.f("fk_dismissals_other_key_persons"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_dismissals_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("one_key", "other_key", name=op.f("pk_dismissals")),
    )
    op.create_index(op.f("ix_dismissals_other_key"), _TABLE, ["other_key"])
    op.create_index(op.f("ix_dismissals_collection_key"), _TABLE, ["collection_key"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table(_TABLE)
