"""Collections may keep the crops of their faces; faces may also have templates of other models."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        "collections",
        sa.Column("keep_crops", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "crops",
        sa.Column("face_id", _INTEGER, nullable=False),
        sa.Column("crop_id", sa.String(length=64), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        _to_faces("crops"),
        sa.PrimaryKeyConstraint("face_id", name=op.f("pk_crops")),
    )
    op.create_table(
        "other_templates",
        sa.Column("face_id", _INTEGER, nullable=False),
        sa.Column("contract_id", sa.String(length=64), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        _to_faces("other_templates"),
        sa.PrimaryKeyConstraint("face_id", "contract_id", name=op.f("pk_other_templates")),
    )
    op.create_table(
        "former_counts",
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("contract_id", sa.String(length=64), nullable=False),
        sa.Column("probes", _INTEGER, nullable=False),
        sa.Column("expected_false_positives", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_former_counts_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_key", "contract_id", name=op.f("pk_former_counts")),
    )


def downgrade() -> None:
    """Take it back; collections stay under the contract that they are switched to."""
    for table in ("former_counts", "other_templates", "crops"):
        op.drop_table(table)
    op.drop_column("collections", "keep_crops")


def _to_faces(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["face_id"], ["faces.id"], name=op.f(f"fk_{table}_face_id_faces"), ondelete="CASCADE"
    )
