"""Persons have credentials of other systems."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "credentials",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("person_key", _INTEGER, nullable=False),
        sa.Column("position", _INTEGER, nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("format", sa.String(length=256), nullable=True),
        sa.Column("value", sa.String(length=256), nullable=False),
        _refers("collection_key", "collections"),
        _refers("person_key", "persons"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_credentials")),
        sa.UniqueConstraint(
            "collection_key",
            "system",
            "type",
            "value",
            name=op.f("uq_credentials_collection_key_system_type_value"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_credentials_person_key"), "credentials", ["person_key"])


def downgrade() -> None:
    """Take it back: the credentials go."""
    op.drop_table("credentials")


def _refers(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{table}.key"],
        name=op.f(f"fk_credentials_{column}_{table}"),
        ondelete="CASCADE",
    )
