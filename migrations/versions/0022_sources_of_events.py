"""Events can be looked for by their source."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FILL: Final = {
    "postgresql": (
        "UPDATE events SET source = body::json ->> 'source', type = body::json ->> 'type'"
    ),
    "sqlite": (
        "UPDATE events SET source = json_extract(body, '$.source'), "
        "type = json_extract(body, '$.type')"
    ),
}


def upgrade() -> None:
    """Take the step."""
    op.add_column("events", sa.Column("source", sa.String(length=255), nullable=True))
    op.add_column("events", sa.Column("type", sa.String(length=64), nullable=True))
    op.execute(_FILL[op.get_context().dialect.name])
    with op.batch_alter_table("events") as batch_op:
        batch_op.alter_column("source", existing_type=sa.String(length=255), nullable=False)
        batch_op.alter_column("type", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_index(op.f("ix_events_source_events_position"), ["source", "position"])


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("events") as batch_op:
        batch_op.drop_index(op.f("ix_events_source_events_position"))
        batch_op.drop_column("type")
        batch_op.drop_column("source")
