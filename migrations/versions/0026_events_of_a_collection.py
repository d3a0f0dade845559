"""Events of a collection are found in their order."""

from collections.abc import Sequence

from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Take the step."""
    op.drop_index(op.f("ix_events_collection_key"), "events")
    op.create_index(
        op.f("ix_events_collection_key_events_position"), "events", ["collection_key", "position"]
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_events_collection_key_events_position"), "events")
    op.create_index(op.f("ix_events_collection_key"), "events", ["collection_key"])
