"""Rows that move get keys of their own, and ids of their own where theirs are taken."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, UniqueConstraint, insert

from app.core.db import Database
from app.errors import ArchiveError
from app.maintenance.renumber import Renumbering, free_ids

PROBES = Table(
    "probes",
    MetaData(),
    Column("key", Integer, primary_key=True),
    Column("id", String, unique=True),
    Column("person", Integer),
    Column("name", String),
    UniqueConstraint("person", "name"),
)


@given(st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**63 - 1)))
def test_every_key_leads_to_the_new_one_and_no_other_to_any(moves: dict[int, int]) -> None:
    keys = Renumbering()
    for old in sorted(moves):
        keys.add([old], [moves[old]])
    assert {old: keys.get(old) for old in moves} == moves
    others = {old + 1 for old in moves} - moves.keys()
    assert all(keys.get(old) is None for old in others if old < 2**63)


def test_keys_that_are_not_in_order_are_refused_rather_than_lost() -> None:
    keys = Renumbering()
    keys.add([3], [1])
    for again in (2, 3):
        with pytest.raises(ArchiveError, match="order of their keys"):
            keys.add([again], [2])


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    made = Database(empty_database_url)
    PROBES.metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.mark.both_databases
def test_an_id_that_is_taken_is_drawn_again_and_no_other(database: Database) -> None:
    def rows() -> list[dict[str, object]]:
        return [{"id": f"my-prb-{n}", "person": n, "name": "a"} for n in range(3)]

    arriving = rows()
    with database.write() as session:
        session.execute(insert(PROBES), rows()[1:2])
        free_ids(session, PROBES, arriving)
    assert [row["id"] for row in (arriving[0], arriving[2])] == ["my-prb-0", "my-prb-2"]
    assert str(arriving[1]["id"]).startswith("my-prb-")
    assert arriving[1]["id"] != "my-prb-1"
    assert [row["name"] for row in arriving] == ["a"] * 3
