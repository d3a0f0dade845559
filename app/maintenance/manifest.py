"""The ``manifest.json`` of an archive: the collections and the tables that are in it."""

from pydantic import BaseModel


class TableEntry(BaseModel):
    """A member: its columns, its number of rows, and the SHA-256 of its lines."""

    columns: list[str]
    rows: int
    sha256: str


class CollectionEntry(BaseModel):
    """A collection in the archive. People read it, and a restore is checked against it."""

    id: str
    contract_id: str
    revision: int
    persons: int
    faces: int


class Contents(BaseModel):
    """The content of an archive. ``whole``: the whole database with keys; else one collection."""

    kith: str
    schema_revision: str
    made_at: str
    whole: bool
    collections: list[CollectionEntry]


class Manifest(Contents):
    """The content of ``manifest.json``."""

    format: int
    tables: dict[str, TableEntry]

    @property
    def rows(self) -> int:
        """Number of rows of all tables."""
        return sum(table.rows for table in self.tables.values())
