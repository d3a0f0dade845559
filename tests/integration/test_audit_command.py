"""``kith audit``: what an operator, or an auditor, does with the audit."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import rfc8785

from app.core.acting import Actor
from app.core.clock import SystemClock
from app.core.db import Database
from app.trail import repository
from app.trail.chain import Deed, hash_of
from tests.support.commands import Kith
from tests.support.server import ServerProcess

Audit = Callable[..., str]


@pytest.fixture
def service(server: Callable[..., ServerProcess]) -> ServerProcess:
    process = server()
    with process.client() as client:
        client.post("/collections", json={"id": "staff"})
        for person in ("p1", "p2", "p3"):
            client.post("/collections/staff/persons", json={"id": person})
    return process


@pytest.fixture
def audit(service: ServerProcess, fake_bundle: Path, kith: Kith) -> Audit:
    return partial(kith, service.data_dir, fake_bundle, "audit")


def sql(service: ServerProcess, *statements: str) -> None:
    with sqlite3.connect(service.data_dir / "kith.db") as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_untouched_audit_has_no_faults_while_the_service_runs(audit: Audit) -> None:
    assert audit("verify") == "Chains 2, rows ever written 5, faults 0.\n[0]"


def test_what_was_tampered_with_is_named(service: ServerProcess, audit: Audit) -> None:
    sql(
        service,
        "UPDATE audit_rows SET body = replace(body, 'p2', 'p9') WHERE object_id = 'p2'",
        "DELETE FROM audit_rows WHERE object_id = 'p1'",
    )
    said = audit("verify")
    assert "(collection 'staff'): row 2 is missing." in said
    assert "(collection 'staff'): row 3 was changed." in said
    assert said.endswith("faults 2.\n[1]")


def test_a_row_of_another_form_is_named_and_handed_on_as_it_is(
    service: ServerProcess, audit: Audit, tmp_path: Path
) -> None:
    body = "[1]"
    mine = f"SET body = '{body}', hash = '{hash_of(body)}' WHERE object_id = 'p2'"
    sql(service, f"UPDATE audit_rows {mine}")
    assert "(collection 'staff'): row 3 is none that Kith writes" in audit("verify")
    file = tmp_path / "audit.jsonl"
    said = audit("export", file)
    assert "Unreadable rows 1; `kith audit verify` names them." in said
    assert said.endswith("[1]")
    odd = [row for row in map(json.loads, file.read_text().splitlines()) if "unreadable" in row]
    assert [(row["seq"], row["body"], row["hash"]) for row in odd] == [(3, body, hash_of(body))]


def test_a_chain_that_is_gone_is_named_by_its_collection(
    service: ServerProcess, audit: Audit, tmp_path: Path
) -> None:
    kept = tmp_path / "anchors"
    kept.write_text(audit("anchor").removesuffix("[0]"))
    sql(service, "PRAGMA foreign_keys = ON", "DELETE FROM audit_chains WHERE of_site IS NULL")
    assert "(collection 'staff'): the whole chain is missing." in audit("verify")
    sql(service, "PRAGMA foreign_keys = ON", "DELETE FROM audit_chains")
    said = audit("verify", "--against", kept)
    assert said.count("(it is not known whose): the whole chain is missing.") == 2


def test_removed_newest_rows_are_found_by_a_kept_anchor(
    service: ServerProcess, audit: Audit, tmp_path: Path
) -> None:
    kept = tmp_path / "anchors"
    kept.write_text(audit("anchor").removesuffix("[0]"))
    with service.client() as client:
        found = client.get("/events").json()["items"]
    anchors = [each["data"] for each in found if each["type"] == "audit.anchor"]
    heads = [{name: each[name] for name in ("chain", "seq", "hash", "at")} for each in anchors]
    assert heads == json.loads(kept.read_text())["anchors"]
    assert [each["collection_id"] for each in anchors] == ["staff", None]
    sql(
        service,
        "DELETE FROM audit_rows WHERE object_id = 'p3'",
        "UPDATE audit_chains SET seq = 3, hash = "
        "(SELECT hash FROM audit_rows WHERE object_id = 'p2') WHERE collection_id = 'staff'",
    )
    assert audit("verify").endswith("faults 0.\n[0]")
    said = audit("verify", "--against", kept)
    assert "row 4, which an anchor names, is missing." in said
    assert said.endswith("[1]")
    kept.write_text("{}")
    assert "holds no anchors" in audit("verify", "--against", kept)


def test_removed_oldest_rows_are_found_by_a_kept_anchor(
    service: ServerProcess, audit: Audit, tmp_path: Path
) -> None:
    """A job of another clock removed them, and wrote down that their time was over."""
    kept = tmp_path / "anchors"
    kept.write_text(audit("anchor").removesuffix("[0]"))
    with closing(Database(service.data_dir / "kith.db")) as database, database.write() as session:
        now = SystemClock().now() + timedelta(days=1)
        for each in repository.chains_with_rows_before(session, now):
            chain = repository.hold(session, each)
            gone = repository.purge(session, chain, now, most=9)
            assert gone is not None
            about = chain.collection_id, "audit.purged", "chain", chain.id
            repository.append(session, chain, Deed(now, Actor(), *about, gone))
    assert audit("verify").endswith("faults 0.\n[0]")
    said = audit("verify", "--against", kept)
    assert "row 4, which an anchor names, was purged before its time." in said
    assert said.endswith("faults 2.\n[1]")
    anchors = json.loads(kept.read_text())
    for each in anchors["anchors"]:
        each["at"] = "2024-01-01T00:00:00Z"
    kept.write_text(json.dumps(anchors))
    assert audit("verify", "--against", kept).endswith("faults 0.\n[0]")


def test_an_export_can_be_verified_by_anybody(audit: Audit, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert audit("export", file, "--collection", "staff").endswith("[0]")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["object"]["id"] for row in rows] == ["staff", "p1", "p2", "p3"]
    previous = "0" * 64
    for row in rows:
        said = row.pop("hash")
        assert said == hash_of(rfc8785.dumps(row).decode())
        assert row["prev"] == previous
        previous = said
    audit("export", file, "--to", "2020-01-01")
    assert file.read_text() == ""
    audit("export", file, "--profile", "ai-act-12")
    assert file.read_text() == ""
