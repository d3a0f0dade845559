"""A gallery, a backup and a bundle that a release of schema 0006 made answer as they did then.

``schema_0006`` holds its database on SQLite and on PostgreSQL as SQL, its backup, its bundle, and
what its service answered (without the request's id and timings).
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.bundles.bundle import Bundle
from app.bundles.contract import EMBEDDER
from app.core.db import Database
from app.maintenance.archive import opened_archive
from app.maintenance.restore import restore
from app.settings import Settings
from migrations import upgrade
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY
from tests.support.services import unwatched

_OF_0006 = Path(__file__).parent / "schema_0006"
_MEANT_TO_DIFFER = {"threshold", "fpir"}
"""Each probe's scores are standardised by the gallery's own people (docs/upgrading.md); who is
identified, and how similar they are, stays.
"""
pytestmark = pytest.mark.both_databases
Answers = dict[str, Any]


def _then(kind: str) -> dict[str, Any]:
    """The answers of the earlier release, on a database of ``kind``."""
    found: dict[str, dict[str, Any]]
    found = json.loads((_OF_0006 / "answers.json").read_text(encoding="utf-8"))
    return found[kind]


@pytest.fixture
def bundle_of_0006(tmp_path: Path, fake_bundle: Path) -> Path:
    """The earlier release's bundle; its model is made again, the same by its SHA-256."""
    folder = shutil.copytree(_OF_0006 / "bundle", tmp_path / "bundle")
    shutil.copyfile(fake_bundle / EMBEDDER, folder / EMBEDDER)
    return folder


@pytest.fixture
def settings(tmp_path: Path, empty_database_url: str, bundle_of_0006: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        model=bundle_of_0006,
        admin_key=ADMIN_KEY,
        database_url=empty_database_url,
    )


@pytest.fixture
def upgraded(settings: Settings, database_kind: str) -> Iterator[TestClient]:
    """This release's service on the earlier one's database."""
    url = str(settings.database_url)
    script = (_OF_0006 / f"{database_kind}.sql").read_text(encoding="utf-8")
    if database_kind == "sqlite":
        made = sqlite3.connect(url.removeprefix("sqlite:///"))
        made.executescript(script)
        made.close()
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script.encode())
    with client_of(build(settings)) as client:
        yield client


def test_a_database_of_before_answers_as_before(upgraded: TestClient, database_kind: str) -> None:
    then, now = _then(database_kind), _asked(upgraded)
    for question, answer in then["answers"].items():
        _holds(answer, now[question], question)
    key = {"Authorization": f"Bearer {then['key']['key']}"}
    assert upgraded.get("/collections/hq", headers=key).status_code == 200
    assert upgraded.get("/collections/lab", headers=key).status_code == 403


def test_a_backup_of_before_answers_as_before(settings: Settings) -> None:
    database = Database(str(settings.database_url))
    upgrade(database)
    with opened_archive(_OF_0006 / "backup.kith", unwatched) as archive:
        restore(database, archive, replace=False, progress=unwatched)
    database.close()
    with client_of(build(settings)) as client:
        now = _asked(client)
    for question, answer in _then("sqlite")["answers"].items():
        _holds(answer, now[question], question)


def test_a_bundle_of_before_is_of_the_same_contract(bundle_of_0006: Path) -> None:
    bundle = Bundle.load(bundle_of_0006)
    assert bundle.manifest.contract_id == "fake-c80a1f3b13c547db"
    # Its calibration is in no hash, and knows only how alike people are.
    assert bundle.warnings.keys() == {"calibration_unprotected", "calibration_former"}


def _asked(client: TestClient) -> Answers:
    """The answers to the questions that the earlier service was asked, in the same order."""
    asked: Answers = {}
    for path in (
        "/collections",
        "/collections/hq",
        "/collections/hq/persons",
        "/collections/lab/persons",
        "/collections/hq/persons/p-0/faces",
        "/collections/lab/persons/p-1/faces",
        "/keys",
    ):
        asked[f"GET {path}"] = client.get(path).json()
    for somebody in (0, 1, 2, 3, 50):
        for collection in ("hq", "lab"):
            asked[f"identify {collection} {somebody}"] = client.post(
                f"/collections/{collection}/identify", files={"image": picture(somebody, 5)}
            ).json()
    asked["verify hq 0"] = client.post(
        "/collections/hq/persons/p-0/verify", files={"image": picture(0, 5)}
    ).json()
    return asked


def _holds(before: Any, now: Any, place: str) -> None:  # noqa: ANN401
    """All that ``before`` had, ``now`` has; new fields may be added."""
    if isinstance(before, dict):
        for name, value in before.items():
            if name in _MEANT_TO_DIFFER:
                continue
            assert name in now, f"{place}: {name} is gone"
            _holds(value, now[name], f"{place}.{name}")
    elif isinstance(before, list):
        assert len(before) == len(now), place
        for row, (value, other) in enumerate(zip(before, now, strict=True)):
            _holds(value, other, f"{place}[{row}]")
    elif isinstance(before, float):
        assert now == pytest.approx(before, rel=1e-4, abs=2e-4), place
    elif place.endswith("probe_id") and before is not None:
        assert now is not None, place
    else:
        assert now == before, place
