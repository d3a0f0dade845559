"""Keys get an expiry, the time of last use and a rate, and are bound to collections themselves
instead of to their ids. Receipts list the rows that they name, so that they are deleted with them.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEY_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "collection_keys": sa.JSON(none_as_null=True),
    "expires_at": sa.DateTime(timezone=True),
    "last_used_at": sa.DateTime(timezone=True),
    "rate": _INTEGER,
    "cursor_secret": sa.String(length=32),
}


def upgrade() -> None:
    """Take the step. Earlier receipts do not list the rows that they name: they are deleted."""
    for name, kind in _KEY_COLUMNS.items():
        op.add_column("api_keys", sa.Column(name, kind, nullable=True))
    _complete()
    op.add_column(
        "collections",
        sa.Column("show_candidates", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(sa.delete(sa.table("idempotency_receipts")))
    op.create_table(
        "idempotency_subjects",
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("row_table", sa.String(length=64), nullable=False),
        sa.Column("row_key", _INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["caller", "key"],
            ["idempotency_receipts.caller", "idempotency_receipts.key"],
            name=op.f("fk_idempotency_subjects_caller_key_idempotency_receipts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "caller", "key", "row_table", "row_key", name=op.f("pk_idempotency_subjects")
        ),
    )
    with op.batch_alter_table("idempotency_subjects") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_subjects_row"),
            ["row_table", "row_key"],
            unique=False,
        )


def downgrade() -> None:
    """Take it back; keys are bound to ids again, those that they were made for."""
    op.drop_table("idempotency_subjects")
    op.drop_column("collections", "show_candidates")
    for name in _KEY_COLUMNS:
        op.drop_column("api_keys", name)


def _complete() -> None:
    """A key that was bound to ids is bound to the collections that have these ids now; every key
    gets a secret.
    """
    connection = op.get_bind()
    collections = sa.table("collections", sa.column("key"), sa.column("id"))
    keys = sa.table(
        "api_keys",
        sa.column("key"),
        sa.column("collections", sa.JSON(none_as_null=True)),
        sa.column("collection_keys", sa.JSON(none_as_null=True)),
        sa.column("cursor_secret"),
    )
    for (key,) in connection.execute(sa.select(keys.c.key)).all():
        drawn = sa.update(keys).where(keys.c.key == key)
        connection.execute(drawn.values(cursor_secret=secrets.token_hex(16)))
    bound = sa.select(keys.c.key, keys.c.collections).where(keys.c.collections.is_not(None))
    for key, ids in connection.execute(bound).all():
        found = sa.select(collections.c.key).where(collections.c.id.in_(ids))
        there = sorted(connection.scalars(found).all())
        connection.execute(sa.update(keys).where(keys.c.key == key).values(collection_keys=there))
