"""Verification finds any change of any row of the audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import String, Text, delete, func, select, update
from sqlalchemy.orm import Session

from app.core.acting import Actor
from app.core.db import Database
from app.gallery.collection_schemas import NewCollection
from app.gallery.models import Collection
from app.trail import repository
from app.trail.anchors import Anchor, anchors
from app.trail.chain import Deed
from app.trail.models import Chain, Row
from app.trail.recording import record, write_recorded
from app.trail.verification import faults
from tests.support.databases import migrated_database

ROWS: Final = 12
START: Final = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
seqs = st.integers(1, ROWS)
WRITTEN: Final = ("seq", "at", "action", "object_id", "person_id", "reason", "body", "hash")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A chain of one collection, with decisions and changes."""
    with migrated_database("sqlite", tmp_path_factory.mktemp("audit")) as url:
        database = Database(url)
        with database.write() as session:
            fields = NewCollection(id="hq").model_dump(exclude={"metadata"})
            times = {"created_at": START, "updated_at": START}
            owner = Collection(attributes={}, contract_id="c", **times, **fields)
            session.add(owner)
            session.flush()
            for place in range(ROWS):
                more = {"person": f"p{place}", "reason": "granted"} if place % 2 else {}
                now = START + timedelta(seconds=place)
                record(session, owner, "door.decision", ("door", "front"), now=now, **more)
        yield database
        database.close()


@contextmanager
def tampering(database: Database) -> Iterator[Session]:
    """A session whose changes are gone after the block."""
    with database.sessions(bind=database.engine) as session:
        yield session
        session.rollback()


def rows(session: Session) -> list[Row]:
    """The rows of the collection's chain."""
    mine = select(Chain.key).where(Chain.collection_id == "hq").scalar_subquery()
    return list(session.scalars(select(Row).where(Row.chain_key == mine).order_by(Row.seq)))


def found(
    session: Session, known: list[Anchor] | None = None, kept_since: datetime | None = None
) -> list[str]:
    session.flush()
    session.expire_all()
    return [each.what for each in faults(session, known or [], kept_since=kept_since)]


def change(session: Session, place: int, **values: Any) -> None:  # noqa: ANN401
    key = rows(session)[place - 1].key
    session.execute(update(Row).where(Row.key == key).values(values))


def test_an_untouched_chain_has_no_faults(database: Database) -> None:
    with tampering(database) as session:
        assert found(session, anchors(session)) == []
        assert len(rows(session)) == ROWS


@examples(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=seqs, name=st.sampled_from(WRITTEN), data=st.data())
def test_any_changed_byte_of_any_row_is_found_and_named(
    database: Database, seq: int, name: str, data: st.DataObject
) -> None:
    with tampering(database) as session:
        row = rows(session)[seq - 1]
        value, column = getattr(row, name), Row.__table__.c[name]
        if isinstance(column.type, String | Text) and value is not None:
            place = data.draw(st.integers(0, len(value) - 1))
            byte = data.draw(st.integers(0, 127).filter(lambda each: chr(each) != value[place]))
            value = value[:place] + chr(byte) + value[place + 1 :]
        elif value is None:
            value = "x"
        elif name == "at":
            value += timedelta(microseconds=data.draw(st.integers(1, 10**9)))
        else:
            value += ROWS
        change(session, seq, **{name: value})
        what = found(session)
        assert what
        assert any(f"row {seq}" in each or f"row {seq + 1}" in each for each in what), what


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=seqs, count=st.integers(1, 3))
def test_removed_rows_are_named(database: Database, first: int, count: int) -> None:
    with tampering(database) as session:
        gone = rows(session)[first - 1 : first - 1 + count]
        session.execute(delete(Row).where(Row.key.in_([row.key for row in gone])))
        last = gone[-1].seq
        missing = f"row {first} is missing" if first == last else f"rows {first} to {last} are"
        assert missing in " ".join(found(session))


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.lists(seqs, min_size=2, max_size=2, unique=True))
def test_exchanged_rows_are_found(database: Database, pair: list[int]) -> None:
    with tampering(database) as session:
        one, other = (rows(session)[seq - 1] for seq in pair)
        content = [
            {name: getattr(row, name) for name in WRITTEN if name != "seq"} for row in (one, other)
        ]
        change(session, pair[0], **content[1])
        change(session, pair[1], **content[0])
        what = " ".join(found(session))
        assert all(f"row {seq} was changed" in what for seq in pair)


@pytest.mark.parametrize("kept", range(ROWS))
def test_removed_newest_rows_are_found_by_the_head_and_by_an_anchor(
    database: Database, kept: int
) -> None:
    """Also where the head was changed along with them: for that an anchor is kept elsewhere."""
    with tampering(database) as session:
        known = anchors(session)
        there = rows(session)
        session.execute(delete(Row).where(Row.key.in_([row.key for row in there[kept:]])))
        assert found(session)
        head = there[kept - 1].hash if kept else "0" * 64
        mine = update(Chain).where(Chain.collection_id == "hq")
        session.execute(mine.values(seq=kept, hash=head))
        assert found(session) == []
        assert found(session, known) == [f"row {ROWS}, which an anchor names, is missing"]


@pytest.mark.parametrize("last", range(1, ROWS + 1))
def test_rows_that_were_purged_before_their_time_are_found_by_an_anchor(
    database: Database, last: int
) -> None:
    """The chain itself says that they were old: who can compute hashes can write that, too."""
    with tampering(database) as session:
        known = anchors(session)
        chain = session.scalars(select(Chain).where(Chain.collection_id == "hq")).one()
        now = START + timedelta(seconds=last)
        chained = repository.hold(session, chain.key)
        gone = repository.purge(session, chained, now, most=ROWS)
        assert gone is not None
        deed = Deed(now, Actor(), "hq", "audit.purged", "chain", chain.id, gone)
        repository.append(session, chained, deed)
        assert found(session) == []
        assert found(session, known, now) == []
        wrong = [f"row {ROWS}, which an anchor names, was purged before its time"]
        assert found(session, known, START) == (wrong if last == ROWS else [])
        known = [replace(each, seq=last, hash="0" * 64) for each in known]
        assert f"row {last} was another than its anchor says" in found(session, known)


def test_a_chain_that_was_computed_again_is_found_by_an_anchor(database: Database) -> None:
    with tampering(database) as session:
        known = anchors(session)
        owner = session.scalars(select(Collection)).one()
        there = [row.key for row in rows(session)]
        session.execute(delete(Row).where(Row.key.in_(there)))
        mine = update(Chain).where(Chain.collection_id == "hq")
        session.execute(mine.values(seq=0, hash="0" * 64))
        for _ in range(ROWS):
            record(session, owner, "door.decision", ("door", "front"), now=START)
        write_recorded(session)
        assert found(session) == []
        assert found(session, known) == [f"row {ROWS} is another than its anchor says"]


def test_a_newest_row_that_was_replaced_is_found_by_the_anchor_of_before_and_not_by_that_of_after(
    database: Database,
) -> None:
    """Both anchors are of one row, in one file, where nothing happens between two days."""
    with tampering(database) as session:
        before = anchors(session)
        newest, owner = rows(session)[-1], session.scalars(select(Collection)).one()
        session.execute(delete(Row).where(Row.key == newest.key))
        head = rows(session)[-1]
        mine = update(Chain).where(Chain.collection_id == "hq")
        session.execute(mine.values(seq=head.seq, hash=head.hash))
        record(session, owner, "door.decision", ("door", "front"), now=newest.at)
        write_recorded(session)
        after = anchors(session)
        assert found(session, after) == []
        for known in (before, before + after, after + before):
            assert found(session, known) == [f"row {ROWS} is another than its anchor says"]


def test_a_chain_that_is_gone_is_missed(database: Database) -> None:
    with tampering(database) as session:
        session.execute(delete(Chain).where(Chain.collection_id == "hq"))
        assert found(session) == ["the whole chain is missing"]


def test_a_row_that_was_put_in_is_found(database: Database) -> None:
    with tampering(database) as session:
        copied = rows(session)[-1]
        values = {name: getattr(copied, name) for name in WRITTEN} | {"seq": ROWS + 1}
        session.add(Row(chain_key=copied.chain_key, **values))
        assert f"row {ROWS + 1} was changed" in found(session)


def test_the_site_knows_of_each_chain(database: Database) -> None:
    with tampering(database) as session:
        begun = select(Row.object_id).where(Row.action == "chain.begun")
        chains = select(Chain.id).where(Chain.of_site.is_(None))
        assert list(session.scalars(begun)) == list(session.scalars(chains))
        assert session.scalar(select(func.count(Chain.key)).where(Chain.of_site.is_(True))) == 1
