"""Faces are numbered within their collection, so that a number says nothing of other collections.

Until now clients know faces by ``faces.id``. Each face keeps that as its number.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step. A collection goes on after its own last face, wherever others are.

    The column has a default so that SQLite adds it in place and copies no template.
    """
    op.add_column("faces", sa.Column("number", _INTEGER, nullable=False, server_default="0"))
    op.add_column(
        "collections", sa.Column("next_face", _INTEGER, nullable=False, server_default="1")
    )
    faces = sa.table("faces", sa.column("id"), sa.column("collection_key"), sa.column("number"))
    collections = sa.table("collections", sa.column("key"), sa.column("next_face"))
    op.execute(sa.update(faces).values(number=faces.c.id))
    op.drop_index("ix_faces_collection_key", "faces")
    op.create_index(
        "ix_faces_collection_key_faces_number", "faces", ["collection_key", "number"], unique=True
    )
    theirs = faces.c.collection_key == collections.c.key
    last = sa.select(sa.func.max(faces.c.number)).where(theirs).scalar_subquery()
    op.execute(sa.update(collections).values(next_face=sa.func.coalesce(last, 0) + 1))


def downgrade() -> None:
    """Take it back; clients know faces by ``faces.id`` again."""
    op.drop_index("ix_faces_collection_key_faces_number", "faces")
    op.create_index("ix_faces_collection_key", "faces", ["collection_key"])
    op.drop_column("collections", "next_face")
    op.drop_column("faces", "number")
