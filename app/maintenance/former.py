"""Reads the tables that archives of earlier schemas hold in another form.

Before schema 0010 a collection's row had its revision; the manifest states that too. Before schema
0011 it had the counts of its contract, and ``former_counts`` those of contracts that it had before.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from app.maintenance.archive import Archive, Row

_COUNTS: Final = ("probes", "expected_false_positives", "false_positives")
COLUMNS: Final = {"collections": {"revision", *_COUNTS}}
"""Columns that a table had, by its name."""
TABLES: Final = frozenset({"former_counts"})
"""Tables that this schema does not have."""


def batches(archive: Archive, table: str) -> Iterator[list[Row]]:
    """A table's rows out of an archive of this schema or an earlier one, some at a time."""
    if table == "probe_counts" and table not in archive.manifest.tables:
        of_now = (_counts_of(rows) for rows in archive.batches("collections"))
        return chain(of_now, (_former(rows) for rows in archive.batches("former_counts")))
    return archive.batches(table)


def _counts_of(collections: list[Row]) -> list[Row]:
    """Zeros where the archive is of before anything was counted."""
    return [
        {"collection_key": row["key"], "contract_id": row["contract_id"]}
        | {name: row.get(name, 0) for name in _COUNTS}
        for row in collections
    ]


def _former(rows: list[Row]) -> list[Row]:
    """The false positives are counted at the switch to the contract."""
    return [row | {"false_positives": 0} for row in rows]
