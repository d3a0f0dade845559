"""The schema's steps: from nothing, back to nothing, and exactly what the models say."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from app.auth.models import ApiKey
from app.auth.service import KeyService
from app.core.clock import SystemClock
from app.core.db import Base, Database
from app.feedback.models import ProbeCounts
from app.gallery.models import Collection, Face, Person
from app.receipts.models import Receipt
from app.replication.history import Position, fault, log_change, touched_since
from app.trail.models import Chain, Event, Row
from app.trail.verification import faults
from migrations import configuration, downgrade, upgrade

pytestmark = pytest.mark.both_databases

NOW = datetime(2024, 5, 1, tzinfo=UTC)

_UPGRADE = """
import sys
from app.core.db import Database
from migrations import upgrade

database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
upgrade(database)
"""


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    made = Database(empty_database_url)
    yield made
    made.close()


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"}


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, Base.metadata))


def test_from_nothing_the_schema_is_what_the_models_say(database: Database) -> None:
    upgrade(database)
    assert tables(database) == set(Base.metadata.tables)
    assert differences(database) == []


def test_a_schema_that_is_not_what_the_models_say_is_noticed(database: Database) -> None:
    """The comparison above can fail."""
    upgrade(database)
    with database.migration() as connection:
        connection.execute(sa.text("ALTER TABLE faces ADD COLUMN forgotten INTEGER"))
    assert differences(database) != []


def test_back_to_nothing_and_forth_again(database: Database) -> None:
    upgrade(database)
    downgrade(database, "base")
    assert tables(database) == set()
    upgrade(database)
    assert differences(database) == []


def test_every_step_can_be_taken_back_on_its_own(database: Database) -> None:
    with database.engine.connect() as connection:
        script = ScriptDirectory.from_config(configuration(connection))
    steps = [step.revision for step in script.walk_revisions()][::-1]
    assert len(script.get_heads()) == 1
    for step in steps:
        upgrade(database, step)
        downgrade(database, "-1")
        upgrade(database, step)
    assert differences(database) == []


def test_an_upgrade_of_what_is_up_to_date_keeps_everything(database: Database) -> None:
    upgrade(database)
    with database.write() as session:
        session.add(ApiKey(id="a", sha256="a", scopes=["admin"], created_at=NOW))
    upgrade(database)
    with database.read() as session:
        assert session.scalars(sa.select(ApiKey.id)).all() == ["a"]


def test_a_step_that_fails_leaves_the_schema_as_it_was(database: Database) -> None:
    def fail() -> None:
        with database.migration() as connection:
            connection.execute(sa.text("DROP TABLE probes"))
            raise LookupError

    upgrade(database)
    with pytest.raises(LookupError):
        fail()
    assert differences(database) == []


def test_a_table_made_again_by_a_step_keeps_the_rows_that_hang_on_it(database: Database) -> None:
    """SQLite changes a column by copying the table and dropping the old one. With foreign keys on,
    the drop would delete every face of every person."""
    upgrade(database)
    _enrol(database)
    with database.migration() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("persons") as batch:
            batch.alter_column("name", type_=sa.String(512))
    assert _faces(database) == 1


def test_foreign_keys_hold_again_after_a_step(database: Database) -> None:
    upgrade(database)
    with pytest.raises(LookupError), database.migration():
        raise LookupError
    _enrol(database)
    with database.write() as session:
        session.execute(sa.delete(Collection))
    assert _faces(database) == 0


def test_a_step_that_leaves_rows_hanging_on_nothing_is_undone(tmp_path: Path) -> None:
    """On SQLite, where foreign keys are off during a step; PostgreSQL never lets them go."""
    database = Database(f"sqlite:///{tmp_path / 'kith.db'}")

    def orphan() -> None:
        with database.migration() as connection:
            connection.execute(sa.text("DELETE FROM persons"))

    upgrade(database)
    _enrol(database)
    with pytest.raises(RuntimeError, match="faces -> persons"):
        orphan()
    assert _faces(database) == 1
    database.close()


def test_no_step_makes_sqlite_forget_that_keys_are_never_used_again(database: Database) -> None:
    """A replica knows a collection by its key: one of a deleted collection must not come back."""
    if database.engine.dialect.name != "sqlite":
        return  # sequences never go back
    upgrade(database)
    never_again = {
        table.name
        for table in Base.metadata.tables.values()
        if table.dialect_options["sqlite"]["autoincrement"]
    }
    with database.read() as session:
        query = sa.text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        assert set(session.scalars(query)) == never_again
    assert len(never_again) >= 4


def test_a_collection_of_before_warns_of_lookalikes_and_of_strangers(database: Database) -> None:
    upgrade(database, "0001")
    columns = "id, target_fpir, target_fmr, max_faces_per_person, metadata, contract_id, revision"
    values = "'doors', 0.001, 0.0001, 20, '{}', 'contract', 0"
    with database.migration() as connection:
        connection.execute(
            sa.text(
                f"INSERT INTO collections ({columns}, created_at, updated_at) "  # noqa: S608
                f"VALUES ({values}, '2026-05-04', '2026-05-04')"
            )
        )
    upgrade(database)
    with database.read() as session:
        assert list(faults(session)) == []
        begun = sa.select(Row.object_id).where(Row.action == "chain.begun")
        chains = sa.select(Chain.id).where(Chain.collection_id == "doors")
        assert session.scalars(begun).all() == session.scalars(chains).all() != []
        policies = sa.select(Collection.lookalikes, Collection.unlike)
        assert set(map(tuple, session.execute(policies))) == {("warn", "warn")}


def test_keys_of_before_are_bound_to_the_collections_that_had_their_ids(
    database: Database,
) -> None:
    """And old receipts, which do not say of which row they are, are gone."""
    upgrade(database, "0006")
    many = "target_fpir, target_fmr, max_faces_per_person, metadata, contract_id, revision"
    times = "'2026-05-04', '2026-05-04'"
    with database.migration() as connection:

        def run(statement: str) -> None:
            connection.execute(sa.text(statement))

        for key, name in enumerate(("gates", "doors"), 1):
            run(
                f"INSERT INTO collections (key, id, {many}, epoch, log_since, created_at, "  # noqa: S608
                f"updated_at) VALUES ({key}, '{name}', 0.001, 0.0001, 20, '{{}}', 'c', 0, "
                f"'{name}', 0, {times})"
            )
        for name, bound in {
            "a": '["doors"]',
            "b": '["doors", "gates", "gone"]',
            "c": '["gone"]',
        }.items():
            run(
                "INSERT INTO api_keys (id, sha256, scopes, collections, created_at) "  # noqa: S608
                f"VALUES ('{name}', '{name}', '[\"read\"]', '{bound}', '2026-05-04')"
            )
        run(
            "INSERT INTO api_keys (id, sha256, scopes, created_at) "
            "VALUES ('d', 'd', '[\"admin\"]', '2026-05-04')"
        )
        run(
            "INSERT INTO idempotency_receipts (caller, key, fingerprint, answer, created_at) "
            "VALUES ('a', 'once', 'f', '{\"name\": \"Ada\"}', '2026-05-04')"
        )
    upgrade(database)
    keys = KeyService(database, SystemClock(), admin_key=None)
    callers = {caller.id: caller.collections for caller in keys.all().values()}
    assert callers == {"a": {"doors"}, "b": {"doors", "gates"}, "c": frozenset(), "d": None}
    secrets = {caller.cursor_secret for caller in keys.all().values()}
    assert [len(each) for each in secrets] == [32] * 4
    with database.read() as session:
        assert session.scalars(sa.select(Receipt)).all() == []
        limits = sa.select(ApiKey.expires_at, ApiKey.last_used_at, ApiKey.rate)
        assert set(map(tuple, session.execute(limits))) == {(None, None, None)}
        assert set(session.scalars(sa.select(Collection.show_candidates))) == {False}
    downgrade(database, "0006")
    with database.read() as session:
        query = sa.text("SELECT id FROM api_keys WHERE collections IS NOT NULL ORDER BY id")
        assert session.scalars(query).all() == ["a", "b", "c"]


@pytest.mark.parametrize("before", ["0006", "0009"])
def test_a_collection_goes_on_from_where_it_was_in_its_history(
    database: Database, before: str
) -> None:
    """In a database that has data: the same revision and epoch, so a snapshot on disk still fits,
    and the same log, so a replica that is behind reads only what changed.
    """
    upgrade(database, before)
    many = "target_fpir, target_fmr, max_faces_per_person, metadata, contract_id"
    with database.migration() as connection:
        for key, (name, at, since) in enumerate([("gates", 7, 4), ("doors", 0, 0)], 1):
            connection.execute(
                sa.text(
                    f"INSERT INTO collections (key, id, {many}, revision, epoch, log_since, "  # noqa: S608
                    f"created_at, updated_at) VALUES ({key}, '{name}', 0.001, 0.0001, 20, '{{}}', "
                    f"'c', {at}, 'epoch of {name}', {since}, '2026-05-04', '2026-05-04')"
                )
            )
        for at in (5, 6, 7):
            connection.execute(sa.text(f"INSERT INTO changes VALUES (1, {at}, {at % 2})"))  # noqa: S608

    def check() -> None:
        upgrade(database)
        with database.read() as session:
            rows = session.scalars(sa.select(Collection).order_by(Collection.key)).all()
            there = [(row.id, row.revision, row.epoch) for row in rows]
            assert there == [("gates", 7, "epoch of gates"), ("doors", 0, "epoch of doors")]
            assert touched_since(session, rows[0].position, 6) == [1]
            assert touched_since(session, rows[0].position, 3) is None
            assert [fault(session, row.key) for row in rows] == [None, None]

    check()
    downgrade(database, before)
    check()
    with database.write() as session:
        assert log_change(session, 1, [9]) == 8
        session.execute(sa.delete(Collection).where(Collection.key == 2))
    with database.read() as session:
        assert session.scalars(sa.select(Position.collection_key)).all() == [1]


def test_counts_of_probes_move_to_a_table_of_their_own(database: Database) -> None:
    """Counts of the collection's contract, and of its former ones, there and back."""
    upgrade(database, "0010")
    many = "target_fpir, target_fmr, max_faces_per_person, metadata, created_at, updated_at"
    values = "0.001, 0.0001, 20, '{}', '2026-05-04', '2026-05-04'"
    with database.migration() as connection:
        for key, counts in enumerate(["12, 0.5, 3", "0, 0, 0"], 1):
            connection.execute(
                sa.text(
                    f"INSERT INTO collections (key, id, contract_id, {many}, probes, "  # noqa: S608
                    "expected_false_positives, false_positives) "
                    f"VALUES ({key}, 'c{key}', 'now', {values}, {counts})"
                )
            )
        connection.execute(sa.text("INSERT INTO former_counts VALUES (1, 'before', 7, 0.25)"))
    for _ in range(2):
        upgrade(database)
        with database.read() as session:
            query = sa.select(ProbeCounts).order_by(ProbeCounts.collection_key, ProbeCounts.probes)
            there = [
                (row.collection_key, row.contract_id, row.probes, row.expected_false_positives)
                for row in session.scalars(query)
            ]
            wrong = session.scalars(sa.select(ProbeCounts.false_positives)).all()
        assert there == [(1, "before", 7, 0.25), (1, "now", 12, 0.5), (2, "now", 0, 0.0)]
        assert sorted(wrong) == [0, 0, 3]
        downgrade(database, "0010")
    with database.read() as session:
        former = session.execute(sa.text("SELECT * FROM former_counts")).all()
        own = sa.text("SELECT probes, false_positives FROM collections ORDER BY key")
        assert session.execute(own).all() == [(12, 3), (0, 0)]
    assert former == [(1, "before", 7, 0.25)]


def test_processes_that_upgrade_at_once_all_succeed(empty_database_url: str) -> None:
    started = [_start(empty_database_url) for _ in range(3)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    database = Database(empty_database_url)
    assert differences(database) == []
    database.close()


def _start(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _UPGRADE, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _enrol(database: Database) -> None:
    """One collection with one person with one face."""
    with database.write() as session:
        collection = Collection(
            id="doors",
            target_fpir=0.001,
            target_fmr=1e-4,
            max_faces_per_person=20,
            attributes={},
            contract_id="contract",
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(collection)
        session.flush()
        person = Person(
            collection_key=collection.key, id="ada", attributes={}, created_at=NOW, updated_at=NOW
        )
        session.add(person)
        session.flush()
        face = Face(
            person_key=person.key,
            collection_key=collection.key,
            number=1,
            contract_id="contract",
            embedding=b"",
            image_sha256="a",
            box={},
            detection_score=1.0,
            quality={},
            created_at=NOW,
        )
        session.add(face)


def _faces(database: Database) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Face)) or 0


def test_events_of_before_are_found_by_their_source(database: Database) -> None:
    upgrade(database, "0021")
    body = '{"source": "/kith/collections/hq/doors/front", "type": "door.lockdown"}'
    insert = "INSERT INTO events (position, id, of_site, at, body) VALUES (1, 'e', false, :at, :b)"
    with database.migration() as connection:
        connection.execute(sa.text(insert), {"at": NOW.isoformat(), "b": body})
    upgrade(database)
    with database.read() as session:
        found = sa.select(Event.source, Event.type)
        expected = ("/kith/collections/hq/doors/front", "door.lockdown")
        assert [tuple(row) for row in session.execute(found)] == [expected]
