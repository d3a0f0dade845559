"""A collection's position in its history moves to a table of its own.

Revision, epoch and the beginning of the change log stay as they were, so replicas and snapshots go
on from where they are.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "revision": _INTEGER,
    "epoch": sa.String(length=32),
    "log_since": _INTEGER,
}
_COLLECTIONS = sa.table("collections", sa.column("key"), *map(sa.column, _COLUMNS))
_POSITIONS = sa.table("positions", sa.column("collection_key"), *map(sa.column, _COLUMNS))
# SQLite changes a column by making a new table, which otherwise loses AUTOINCREMENT.
_NEVER_AGAIN = {"sqlite_autoincrement": True}


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "positions",
        sa.Column("collection_key", _INTEGER, nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in _COLUMNS.items()),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_positions_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_key", name=op.f("pk_positions")),
    )
    there = sa.select(_COLLECTIONS.c.key, *(_COLLECTIONS.c[name] for name in _COLUMNS))
    op.execute(sa.insert(_POSITIONS).from_select(["collection_key", *_COLUMNS], there))
    for name in _COLUMNS:
        op.drop_column("collections", name)


def downgrade() -> None:
    """Take it back."""
    for name, kind in _COLUMNS.items():
        op.add_column("collections", sa.Column(name, kind, nullable=True))
    mine = _POSITIONS.c.collection_key == _COLLECTIONS.c.key
    values = {
        name: sa.select(_POSITIONS.c[name]).where(mine).scalar_subquery() for name in _COLUMNS
    }
    op.execute(sa.update(_COLLECTIONS).values(**values))
    with op.batch_alter_table("collections", table_kwargs=_NEVER_AGAIN) as batch:
        for name, kind in _COLUMNS.items():
            batch.alter_column(name, nullable=False, existing_type=kind)
    op.drop_table("positions")
