"""Archives of older and newer versions, and archives whose rows are not those that they state."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.auth.principal import Scope
from app.auth.schemas import NewKey
from app.bootstrap import Container
from app.core.db import Database
from app.errors import ArchiveError
from app.feedback.models import ProbeCounts
from app.gallery.models import (
    Collection,
)
from app.receipts.keeping import keep_nothing
from tests.integration.backup.archives import (
    altered,
    backed_up,
    everything_in,
    imported,
    positions,
    restored,
    without,
)
from tests.support.services import make_collection

both = pytest.mark.both_databases
KEY_COLUMNS = ["collection_keys", "expires_at", "last_used_at", "rate", "cursor_secret"]


def test_an_older_archive_gets_defaults_and_lacks_nothing_that_is_needed(
    service: Container, tmp_path: Path
) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", without("persons", "external_id"))
    altered(tmp_path / "kith.zip", without("collections", "lookalikes"))
    restored(service.database, tmp_path / "kith.zip", replace=True)
    collections = service.services.collections
    assert collections.get("hq").lookalikes == "warn"
    persons = service.services.persons
    assert persons.get("hq", "ada").external_id is None
    altered(tmp_path / "kith.zip", without("faces", "contract_id"))
    with pytest.raises(ArchiveError, match=r"lacks faces\.contract_id"):
        restored(service.database, tmp_path / "kith.zip", replace=True)


def test_an_archive_of_before_schema_0010_goes_on_at_its_revisions(
    service: Container, tmp_path: Path
) -> None:
    """There a collection's revision was a column of its row; the manifest always stated it too."""

    def as_before(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            columns.append("revision")
            for row in rows:
                row["revision"] = revisions[row["id"]]

    def unstated(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            rows.append(rows[0] | {"key": 99, "id": "unstated"})

    revisions: dict[object, int] = {key: at[1] for key, at in positions(service.database).items()}
    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", as_before)
    restored(service.database, tmp_path / "kith.zip", replace=True)
    after = positions(service.database)
    assert {key: at[1] for key, at in after.items()} == revisions
    assert 0 not in revisions.values()
    altered(tmp_path / "kith.zip", unstated)
    with pytest.raises(ArchiveError, match="'unstated' that it does not state"):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert positions(service.database) == after


def test_an_archive_of_before_schema_0011_keeps_its_counts(
    service: Container, tmp_path: Path
) -> None:
    """There the counts of a collection's contract were columns of its row, and those of contracts
    that it had before were a table.
    """
    with service.database.write() as session:
        hq = session.scalars(select(Collection).where(Collection.id == "hq")).one()
        counts = session.get_one(ProbeCounts, (hq.key, hq.contract_id))
        counts.probes, counts.expected_false_positives, counts.false_positives = 5, 0.25, 1
    before = probe_counts(service.database)
    assert sorted(before.values()) == [(0, 0.0, 0), (5, 0.25, 1), (7, 0.5, 0)]
    backed_up(service.database, tmp_path / "kith.zip")
    names = ("probes", "expected_false_positives", "false_positives")

    def as_before(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "collections":
            columns.extend(names)
            for row in rows:
                own.append((row["key"], row["contract_id"]))
                row.update(zip(names, before[row["key"], row["contract_id"]], strict=True))
        if name == "probe_counts":
            columns.remove("false_positives")
            rows[:] = [
                row for row in rows if (row["collection_key"], row["contract_id"]) not in own
            ]
            for row in rows:
                del row["false_positives"]

    own: list[tuple[object, object]] = []
    altered(tmp_path / "kith.zip", as_before, tables={"probe_counts": "former_counts"})
    restored(service.database, tmp_path / "kith.zip", replace=True)
    assert probe_counts(service.database) == before
    imported(service.database, tmp_path / "kith.zip", "hq", new_id="hq-2")
    after = probe_counts(service.database)
    assert sorted(after.values()) == [(0, 0.0, 0), *[(5, 0.25, 1)] * 2, *[(7, 0.5, 0)] * 2]


def probe_counts(database: Database) -> dict[tuple[object, object], tuple[int, float, int]]:
    with database.read() as session:
        return {
            (row.collection_key, row.contract_id): (
                row.probes,
                row.expected_false_positives,
                row.false_positives,
            )
            for row in session.scalars(select(ProbeCounts))
        }


@both
def test_keys_of_a_backup_that_knew_collections_by_id_are_bound_to_those_of_the_backup(
    service: Container, tmp_path: Path
) -> None:
    """The keys are as schema 0006 had them, without the columns that came later."""

    def as_before(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        since = {
            "api_keys": KEY_COLUMNS,
            "collections": ["show_candidates", "unlike", "min_face_size"],
        }.get(name, [])
        for column in since:
            without(name, column)(name, columns, rows)

    keys = service.services.keys
    bound = keys.create(NewKey(scopes=[Scope.READ], collections=["lab"]), keep_nothing).key
    unbound = keys.create(NewKey(scopes=[Scope.ADMIN]), keep_nothing).key
    backed_up(service.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", as_before)
    collections = service.services.collections
    collections.delete("lab", force=True)
    make_collection(service, "lab")  # under another internal key
    assert keys.authenticate(bound).collections == frozenset()
    restored(service.database, tmp_path / "kith.zip", replace=True)
    caller = keys.authenticate(bound)
    assert caller.collections == frozenset({"lab"})
    assert (caller.expires_at, caller.rate) == (None, None)
    assert keys.authenticate(unbound).collections is None
    assert len(caller.cursor_secret) == 32
    assert caller.cursor_secret != keys.authenticate(unbound).cursor_secret
    collections.delete("lab", force=True)
    make_collection(service, "lab")
    assert keys.authenticate(bound).collections == frozenset()


def test_what_a_newer_kith_kept_is_not_dropped_in_silence(
    service: Container, tmp_path: Path
) -> None:
    def add(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "persons":
            columns.append("iris")

    backed_up(service.database, tmp_path / "kith.zip")
    before = everything_in(service.database)
    altered(tmp_path / "kith.zip", add)
    with pytest.raises(ArchiveError, match=r"made by Kith .*, schema 0.*, has persons\.iris"):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database) == before


def test_an_archive_that_lost_a_row_is_noticed_and_nothing_changes(
    service: Container, tmp_path: Path
) -> None:
    def lose(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "faces":
            rows.pop()

    backed_up(service.database, tmp_path / "kith.zip")
    before = everything_in(service.database)
    altered(tmp_path / "kith.zip", lose)
    with pytest.raises(
        ArchiveError, match="states 1 persons and 1 faces of 'lab', but holds 1 and"
    ):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database) == before


@both
def test_an_archive_whose_rows_contradict_each_other_changes_nothing(
    service: Container, tmp_path: Path
) -> None:
    def lose(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == "persons":
            rows.pop()

    backed_up(service.database, tmp_path / "kith.zip")
    before = everything_in(service.database)
    altered(tmp_path / "kith.zip", lose)
    with pytest.raises(ArchiveError, match="rows contradict each other"):
        restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database) == before
