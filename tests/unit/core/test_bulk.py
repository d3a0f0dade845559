"""Rows that are inserted many at a time, with keys that were drawn beforehand."""

from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from app.core.bulk import insert_rows, new_keys
from app.core.db import Base, Database
from app.gallery.models import Person
from bench.startup import filled, person_row

_TABLE = Base.metadata.tables[Person.__tablename__]


def _row(key: int, collection: int) -> dict[str, Any]:
    row = person_row(key, collection)
    return row | {"metadata": row.pop("attributes")}


@pytest.mark.both_databases
def test_new_keys_are_of_no_row_that_is_there_or_was(database: Database) -> None:
    collection, _, _ = filled(database, 5)
    with database.write() as session:
        if not database.is_sqlite:  # its rows have keys of their own, which its sequence knows not
            new_keys(session, _TABLE, 5)
        session.execute(delete(Person).where(Person.key == 5))
        first = list(new_keys(session, _TABLE, 3))
        insert_rows(session, _TABLE, [_row(key, collection) for key in first])
        second = list(new_keys(session, _TABLE, 2))
    assert len({*first, *second}) == 5
    assert min(first) > 5
    with database.write() as session:
        row = person_row(0, collection) | {"id": "one more"}
        del row["key"]
        session.execute(insert(Person), [row])
        key = session.scalars(select(Person.key).where(Person.id == "one more")).one()
    assert key > max(first)


@pytest.mark.both_databases
def test_rows_of_every_column_are_inserted_as_others_are(database: Database) -> None:
    collection, _, _ = filled(database, 1)
    with database.write() as session:
        whole = dict(session.execute(select(_TABLE)).mappings().one())
        rows = [
            whole | {"key": key, "id": f"q{key}", "metadata": {"of": [key, None, "é"]}}
            for key in (11, 12)
        ]
        insert_rows(session, _TABLE, rows)
    with database.read() as session:
        query = select(_TABLE).where(_TABLE.c.key > 10).order_by(_TABLE.c.key)
        found = [dict(row) for row in session.execute(query).mappings()]
    assert found == rows
    assert found[0]["collection_key"] == collection
