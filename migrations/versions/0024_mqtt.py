"""Leases of replicas, and what the publisher to an MQTT broker keeps."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("beat", _INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "mqtt_progress",
        sa.Column("key", _INTEGER, nullable=False, autoincrement=False),
        sa.Column("sent", _INTEGER, nullable=False),
        sa.Column("shown", _INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mqtt_progress")),
    )
    op.create_table(
        "mqtt_retained",
        sa.Column("topic", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_mqtt_retained")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("mqtt_retained")
    op.drop_table("mqtt_progress")
    op.drop_table("leases")
