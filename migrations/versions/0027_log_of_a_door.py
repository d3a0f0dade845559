"""Decisions of a door are found by time, person and reason."""

from collections.abc import Sequence

from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLE = "audit_rows"
_BEFORE = "ix_audit_rows_chain_key_audit_rows_object_id_audit_rows_key"
_OF = {
    "ix_audit_rows_of_object": (),
    "ix_audit_rows_of_person": ("person_id",),
    "ix_audit_rows_of_reason": ("reason",),
}


def upgrade() -> None:
    """Take the step."""
    op.drop_index(op.f(_BEFORE), _TABLE)
    for name, columns in _OF.items():
        op.create_index(name, _TABLE, ["chain_key", "object_id", *columns, "at", "key"])


def downgrade() -> None:
    """Take it back."""
    for name in _OF:
        op.drop_index(name, _TABLE)
    op.create_index(op.f(_BEFORE), _TABLE, ["chain_key", "object_id", "key"])
