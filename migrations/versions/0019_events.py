"""Events for others, and how many there were."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "events",
        sa.Column("position", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=True),
        sa.Column("of_site", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_events_collection_key_collections"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    op.create_index(op.f("ix_events_collection_key"), "events", ["collection_key"])
    op.create_index(op.f("ix_events_at"), "events", ["at"])
    op.create_table(
        "event_counters",
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("value", _INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_event_counters")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("event_counters")
    op.drop_table("events")
