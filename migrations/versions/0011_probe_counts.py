"""Counts of probes move to a table with one row for each collection and contract.

Until now the counts of a collection's contract were three columns of its row, and those of
contracts that it had before were a table, `former_counts`.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FORMER: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "probes": _INTEGER,
    "expected_false_positives": sa.Double(),
}
_COUNTS: Final = _FORMER | {"false_positives": _INTEGER}
_KEYS: Final = ("collection_key", "contract_id")


def _counting(name: str, counts: Sequence[str]) -> sa.TableClause:
    return sa.table(name, *map(sa.column, (*_KEYS, *counts)))


_COLLECTIONS = sa.table("collections", *map(sa.column, ("key", "contract_id", *_COUNTS)))
_PROBE_COUNTS = _counting("probe_counts", list(_COUNTS))
_FORMER_COUNTS = _counting("former_counts", list(_FORMER))
_OF_ITS_CONTRACT = sa.and_(
    _PROBE_COUNTS.c.collection_key == _COLLECTIONS.c.key,
    _PROBE_COUNTS.c.contract_id == _COLLECTIONS.c.contract_id,
)


def upgrade() -> None:
    """Take the step. The false positives of a former contract are counted at the switch to it."""
    _create("probe_counts", _COUNTS)
    former = [*_KEYS, *_FORMER]
    op.execute(
        sa.insert(_PROBE_COUNTS).from_select(
            [*former, "false_positives"],
            sa.select(*(_FORMER_COUNTS.c[name] for name in former), sa.literal(0)),
        )
    )
    own = sa.delete(_PROBE_COUNTS).where(sa.exists().where(_OF_ITS_CONTRACT))
    op.execute(own)
    there = sa.select(_COLLECTIONS.c.key, *(_COLLECTIONS.c[name] for name in _own()))
    op.execute(sa.insert(_PROBE_COUNTS).from_select(["collection_key", *_own()], there))
    op.drop_table("former_counts")
    for name in _COUNTS:
        op.drop_column("collections", name)


def downgrade() -> None:
    """Take it back."""
    _create("former_counts", _FORMER)
    for name, kind in _COUNTS.items():
        column = sa.Column(name, kind, server_default="0", nullable=False)
        op.add_column("collections", column)
    for name in _COUNTS:
        mine = sa.select(_PROBE_COUNTS.c[name]).where(_OF_ITS_CONTRACT).scalar_subquery()
        op.execute(sa.update(_COLLECTIONS).values({name: sa.func.coalesce(mine, 0)}))
    former = [_PROBE_COUNTS.c[name] for name in (*_KEYS, *_FORMER)]
    others = sa.select(*former).where(~sa.exists().where(_OF_ITS_CONTRACT))
    op.execute(sa.insert(_FORMER_COUNTS).from_select([*_KEYS, *_FORMER], others))
    op.drop_table("probe_counts")


def _own() -> list[str]:
    return ["contract_id", *_COUNTS]


def _create(name: str, counts: dict[str, sa.types.TypeEngine[Any]]) -> None:
    op.create_table(
        name,
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("contract_id", sa.String(length=64), nullable=False),
        *(sa.Column(each, kind, nullable=False) for each, kind in counts.items()),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f(f"fk_{name}_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_key", "contract_id", name=op.f(f"pk_{name}")),
    )
