"""Doors, zones, groups with their members, schedules, rules, the revision of a policy; persons may
be suspended.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_TABLES = ("zones", "groups", "schedules", "doors", "rules")


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        "persons", sa.Column("suspended", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "policy_revisions",
        sa.Column("collection_key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("revision", _INTEGER, nullable=False),
        _refers("policy_revisions", "collection_key", "collections"),
        sa.PrimaryKeyConstraint("collection_key", name=op.f("pk_policy_revisions")),
    )
    _create("zones", sa.Column("locked_down", sa.Boolean(), nullable=False))
    _create("groups")
    _create(
        "schedules",
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("special_days", sa.JSON(), nullable=False),
    )
    _create(
        "doors",
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("locked_down", sa.Boolean(), nullable=False),
        sa.Column("ref", sa.JSON(), nullable=False),
        sa.Column("grant_ttl_ms", _INTEGER, nullable=False),
        sa.Column("cooldown_ms", _INTEGER, nullable=False),
        sa.Column("exclusive_ms", _INTEGER, nullable=False),
        links={"zone_key": ("zones", True)},
    )
    _create(
        "rules",
        links={
            "group_key": ("groups", False),
            "door_key": ("doors", True),
            "zone_key": ("zones", True),
            "schedule_key": ("schedules", False),
        },
    )
    _create_memberships()


def downgrade() -> None:
    """Take it back."""
    op.drop_table("memberships")
    for name in reversed(_TABLES):
        op.drop_table(name)
    op.drop_table("policy_revisions")
    with op.batch_alter_table("persons") as batch_op:
        batch_op.drop_column("suspended")


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("group_key", _INTEGER, nullable=False),
        sa.Column("person_key", _INTEGER, nullable=False),
        sa.Column("valid_from", _TIME, nullable=True),
        sa.Column("valid_until", _TIME, nullable=True),
        _refers("memberships", "group_key", "groups"),
        _refers("memberships", "person_key", "persons"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "group_key", "person_key", name=op.f("uq_memberships_group_key_person_key")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_memberships_person_key"), "memberships", ["person_key"])


def _create(
    name: str, *columns: sa.Column[Any], links: dict[str, tuple[str, bool]] | None = None
) -> None:
    """A table of rows with an id in their collection, and ``links`` to other tables, of which some
    may be null.
    """
    links = links or {}
    op.create_table(
        name,
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("revision", _INTEGER, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        *columns,
        *(
            sa.Column(link, _INTEGER, nullable=may_be_null)
            for link, (_, may_be_null) in links.items()
        ),
        _refers(name, "collection_key", "collections"),
        *(_refers(name, link, table) for link, (table, _) in links.items()),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("collection_key", "id", name=op.f(f"uq_{name}_collection_key_id")),
        sqlite_autoincrement=True,
    )
    for link in links:
        op.create_index(op.f(f"ix_{name}_{link}"), name, [link])


def _refers(name: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{table}.key"],
        name=op.f(f"fk_{name}_{column}_{table}"),
        ondelete="CASCADE",
    )
