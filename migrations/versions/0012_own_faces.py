"""Collections say what becomes of an image that is unlike its person, and a face by how many
degrees its image was turned.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: Final[sa.types.TypeEngine[Any]] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step. Columns are added in place: to copy a table would lose AUTOINCREMENT."""
    op.add_column(
        "collections",
        sa.Column("unlike", sa.String(length=8), nullable=False, server_default="warn"),
    )
    op.add_column(
        "faces", sa.Column("turned_degrees", _INTEGER, nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("faces", "turned_degrees")
    op.drop_column("collections", "unlike")
