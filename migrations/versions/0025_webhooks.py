"""Endpoints get events."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "webhooks",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("collection_key", _INTEGER, nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=32), nullable=True),
        sa.Column("revision", _INTEGER, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("read_to", _INTEGER, nullable=False),
        sa.Column("not_before", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_webhooks_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("id", name=op.f("uq_webhooks_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_webhooks_collection_key"), "webhooks", ["collection_key"])
    op.create_table(
        "webhook_lanes",
        sa.Column("webhook_key", _INTEGER, nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("sent_to", _INTEGER, nullable=False),
        sa.Column("newest", _INTEGER, nullable=False),
        sa.Column("trying", _INTEGER, nullable=False),
        sa.Column("attempts", _INTEGER, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("claimed_until", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_key"],
            ["webhooks.key"],
            name=op.f("fk_webhook_lanes_webhook_key_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_key", "source", name=op.f("pk_webhook_lanes")),
    )
    _dead_letters()


def _dead_letters() -> None:
    op.create_table(
        "webhook_dead_letters",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("webhook_key", _INTEGER, nullable=False),
        sa.Column("position", _INTEGER, nullable=False),
        sa.Column("died_at", _TIME, nullable=False),
        sa.Column("attempts", _INTEGER, nullable=False),
        sa.Column("status", _INTEGER, nullable=True),
        sa.Column("error", sa.String(length=512), nullable=False),
        sa.Column("replay_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_key"],
            ["webhooks.key"],
            name=op.f("fk_webhook_dead_letters_webhook_key_webhooks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["position"],
            ["events.position"],
            name=op.f("fk_webhook_dead_letters_position_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhook_dead_letters")),
        sa.UniqueConstraint(
            "webhook_key", "position", name=op.f("uq_webhook_dead_letters_webhook_key_position")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_webhook_dead_letters_position"), "webhook_dead_letters", ["position"])


def downgrade() -> None:
    """Take it back: the endpoints go, and nothing is sent to them any more."""
    for table in ("webhook_dead_letters", "webhook_lanes", "webhooks"):
        op.drop_table(table)
