"""First schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    _create_api_keys()
    _create_collections()
    _create_receipts()
    _create_changes()
    _create_persons()
    _create_faces()


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("collections", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("id", name=op.f("uq_api_keys_id")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_keys_sha256")),
        sqlite_autoincrement=True,
    )


def _create_collections() -> None:
    op.create_table(
        "collections",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("target_fpir", sa.Double(), nullable=False),
        sa.Column("target_fmr", sa.Double(), nullable=False),
        sa.Column("max_faces_per_person", _INTEGER, nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("contract_id", sa.String(length=64), nullable=False),
        sa.Column("revision", _INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_collections")),
        sa.UniqueConstraint("id", name=op.f("uq_collections_id")),
        sqlite_autoincrement=True,
    )


def _create_receipts() -> None:
    op.create_table(
        "idempotency_receipts",
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_receipts")),
    )
    with op.batch_alter_table("idempotency_receipts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_receipts_created_at"), ["created_at"], unique=False
        )


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("revision", _INTEGER, nullable=False),
        sa.Column("person_key", _INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_changes_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "collection_key", "revision", "person_key", name=op.f("pk_changes")
        ),
    )


def _create_persons() -> None:
    op.create_table(
        "persons",
        sa.Column("key", _INTEGER, nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("external_id", sa.String(length=256), nullable=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_persons_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_persons")),
        sa.UniqueConstraint(
            "collection_key", "external_id", name=op.f("uq_persons_collection_key_external_id")
        ),
        sa.UniqueConstraint("collection_key", "id", name=op.f("uq_persons_collection_key_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_persons_collection_key_persons_name"),
            ["collection_key", "name"],
            unique=False,
        )


def _create_faces() -> None:
    op.create_table(
        "faces",
        sa.Column("id", _INTEGER, nullable=False),
        sa.Column("person_key", _INTEGER, nullable=False),
        sa.Column("collection_key", _INTEGER, nullable=False),
        sa.Column("contract_id", sa.String(length=64), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("detection_score", sa.Double(), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"],
            ["collections.key"],
            name=op.f("fk_faces_collection_key_collections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_key"],
            ["persons.key"],
            name=op.f("fk_faces_person_key_persons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faces")),
        sa.UniqueConstraint(
            "person_key", "image_sha256", name=op.f("uq_faces_person_key_image_sha256")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("faces", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_faces_collection_key"), ["collection_key"], unique=False
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("faces", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_faces_collection_key"))

    op.drop_table("faces")
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_persons_collection_key_persons_name"))

    op.drop_table("persons")
    op.drop_table("changes")
    with op.batch_alter_table("idempotency_receipts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_receipts_created_at"))

    op.drop_table("idempotency_receipts")
    op.drop_table("collections")
    op.drop_table("api_keys")
