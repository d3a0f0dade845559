"""Sealed pictures on the operator's machine: ``kith audit evidence``, and the files of SQLite."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import Container, build
from app.settings import Settings
from app.trail.models import Evidence
from tests.api.doors import ADA, BOB, HQ, decision, frames, make_hq
from tests.support.client import client_of
from tests.support.commands import Kith
from tests.support.server import ADMIN_KEY

Evidences = Callable[..., str]


@pytest.fixture
def evidence(tmp_path: Path, fake_bundle: Path, kith: Kith) -> Evidences:
    return partial(kith, tmp_path / "data", fake_bundle, "audit", "evidence")


@pytest.fixture
def container(
    tmp_path: Path, fake_bundle: Path, evidence: Evidences, monkeypatch: pytest.MonkeyPatch
) -> Container:
    said = evidence("keys", tmp_path / "private.key")
    (public,) = (line for line in said.splitlines() if line.startswith("kith-public-"))
    assert (tmp_path / "private.key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("KITH_EVIDENCE_KEY", public)
    return build(
        Settings(
            data_dir=tmp_path / "data",
            model=fake_bundle,
            admin_key=ADMIN_KEY,
            probe_evidence="sealed",
        )
    )


@pytest.fixture
def door(container: Container) -> Iterator[TestClient]:
    with client_of(container) as client:
        make_hq(client, mode="advise")
        yield client


def test_pictures_are_listed_handed_on_and_opened(
    door: TestClient, evidence: Evidences, tmp_path: Path
) -> None:
    adas, bobs = frames(ADA, ADA, ADA), frames(BOB, BOB, BOB)
    granted, other = decision(door, *adas), decision(door, *bobs)
    said = evidence("list")
    assert said.count(f"hq/front  granted granted  ada  {granted['event_id']}") == 3
    assert said.count(f"hq/front  granted granted  bob  {other['event_id']}") == 3
    assert "Sealed pictures 6, bytes" in said
    assert "Sealed pictures 0" in evidence("list", "--to", "2020-01-01")
    assert evidence("export", tmp_path / "handed", "--person", "ada").endswith("[0]")
    assert "is there already" in evidence("export", tmp_path / "handed")
    key = tmp_path / "private.key"
    said = evidence("open", tmp_path / "handed", tmp_path / "pictures", "--key", key)
    assert "opened 3, not opened 0" in said
    files = sorted((tmp_path / "pictures").iterdir())
    assert [file.name for file in files] == [f"{granted['event_id']}-{i}.png" for i in range(3)]
    assert [file.read_bytes() for file in files] == adas
    assert "is there already" in evidence("keys", key)


def test_what_does_not_open_is_named(door: TestClient, evidence: Evidences, tmp_path: Path) -> None:
    decision(door, *frames(ADA, ADA, ADA))
    handed, key = tmp_path / "handed", tmp_path / "private.key"
    evidence("export", handed)
    evidence("keys", tmp_path / "another.key")
    said = evidence("open", handed, tmp_path / "one", "--key", tmp_path / "another.key")
    assert said.count("it is sealed to the key") == 3
    assert said.endswith("[1]")
    first, second, third = map(json.loads, (handed / "evidence.jsonl").read_text().splitlines())
    (handed / f"{first['sealed']}.sealed").write_bytes(b"changed")
    (handed / f"{second['sealed']}.sealed").unlink()
    (handed / "evidence.jsonl").write_text(
        "\n".join(map(json.dumps, (first, second, third | {"sha256": "0" * 64})))
    )
    said = evidence("open", handed, tmp_path / "two", "--key", key)
    for why in ("its file was changed", "cannot be read", "not the file that the audit names"):
        assert why in said
    assert "opened 0, not opened 3" in said
    for bad in ("", "{}", "[", json.dumps(third | {"event_id": "../../up"})):
        (handed / "evidence.jsonl").write_text(bad or "1")
        said = evidence("open", handed, tmp_path / "three", "--key", key)
        assert "is no folder that" in said
        assert not (tmp_path / "three").exists()
    assert "is not usable" in evidence(
        "open", handed, tmp_path / "3", "--key", handed / "evidence.jsonl"
    )


def test_of_a_removed_person_nothing_is_left_in_the_files_of_sqlite(
    door: TestClient, container: Container
) -> None:
    decision(door, *frames(ADA, ADA, ADA))
    decision(door, *frames(BOB, BOB, BOB))
    with container.database.read() as session:
        *adas, one, two, three = session.scalars(
            select(Evidence.sealed).order_by(Evidence.seq, Evidence.place)
        )
    assert left(container, *adas, one, two, three) == [*adas, one, two, three]
    assert door.delete(f"{HQ}/persons/ada").is_success
    container.jobs.run("erasure")
    assert left(container, *adas) == []
    assert left(container, one, two, three) == [one, two, three]


def left(container: Container, *sealed: bytes) -> list[bytes]:
    """Those of which any piece is in the files."""
    folder = container.settings.data_dir
    there = b"".join(file.read_bytes() for file in sorted(folder.glob("kith.db*")))
    return [
        each
        for each in sealed
        if any(each[place : place + 16] in there for place in range(0, len(each) - 16, 16))
    ]
