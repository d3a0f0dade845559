"""The audit: chains of rows that say what happened. Each collection that there is gets its chain,
and the site's own chain a row about each, as when a collection is made.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
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
    _begin()


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


def _begin() -> None:
    connection = op.get_bind()
    collections = sa.table("collections", sa.column("key"), sa.column("id"))
    there = sa.select(collections).order_by(collections.c.key)
    found = [(each.key, each.id, _new_id()) for each in connection.execute(there)]
    if not found:
        return
    site, head, now = _new_id(), "0" * 64, datetime.now(UTC)
    rows = []
    for seq, (_, owner, chain) in enumerate(found, 1):
        body = _body(site, seq, head, chain, owner, now)
        head = hashlib.sha256(body.encode()).hexdigest()
        fixed = {"seq": seq, "at": now, "action": "chain.begun", "hash": head}
        rows.append(fixed | {"object_id": chain, "body": body})
    empty = {"seq": 0, "hash": "0" * 64, "kept_after": 0, "purged_hash": "0" * 64}
    names = ("collection_key", "collection_id", "id", "of_site")
    chains = sa.table("audit_chains", *map(sa.column, ("key", *names, *empty)))
    of_site = (None, None, site, True)
    values = [of_site, *((*each, None) for each in found)]
    connection.execute(
        sa.insert(chains), [empty | dict(zip(names, each, strict=True)) for each in values]
    )
    mine = chains.c.id == site
    connection.execute(sa.update(chains).where(mine).values(seq=len(rows), hash=head))
    key = connection.scalar(sa.select(chains.c.key).where(mine))
    columns = ("chain_key", "seq", "action", "object_id", "body", "hash")
    table = sa.table("audit_rows", sa.column("at", _TIME), *map(sa.column, columns))
    connection.execute(sa.insert(table), [each | {"chain_key": key} for each in rows])


def _new_id() -> str:
    return f"chain-{secrets.token_hex(16)}"


def _body(site: str, seq: int, prev: str, chain: str, owner: str, now: datetime) -> str:
    """The row as canonical JSON: it has texts and whole numbers only."""
    body = {
        "chain": site,
        "seq": seq,
        "prev": prev,
        "at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "action": "chain.begun",
        "object": {"kind": "chain", "id": chain},
        "collection": None,
        "actor": {"key_id": None, "client": None, "request_id": None},
        "details": {"of": owner},
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
