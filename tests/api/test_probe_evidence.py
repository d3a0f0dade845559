"""A decision at a door keeps nothing of its frames, or hashes, or pictures that only the holder of
a key opens.
"""

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from app.bootstrap import Container, build
from app.core.db import Base
from app.core.sealing import Opener, new_pair
from app.settings import Settings
from app.trail import evidence_repository
from app.trail.export import ai_act_12
from app.trail.models import Evidence
from app.trail.verification import faults
from tests.api.doors import ADA, BOB, HQ, STRANGER, decision, frames, make_hq, of
from tests.api.support import FakeClock, ok
from tests.api.test_audit_decisions import rows
from tests.integration.backup.archives import backed_up, restored
from tests.support.client import client_of

pytestmark = pytest.mark.both_databases
PAIR = new_pair()
DAY = dt.timedelta(days=1)


@pytest.fixture
def sealing(settings: Settings, clock: FakeClock) -> Container:
    more = {"probe_evidence": "sealed", "evidence_key": PAIR.public, "evidence_days": 3}
    return build(settings.model_copy(update=more), clock)


@pytest.fixture
def door(sealing: Container) -> Iterator[TestClient]:
    with client_of(sealing) as client:
        make_hq(client)
        yield client


def kept(container: Container) -> list[bytes]:
    """The sealed pictures, in the order of their frames."""
    with container.database.read() as session:
        order = Evidence.chain_key, Evidence.seq, Evidence.place
        return list(session.scalars(select(Evidence.sealed).order_by(*order)))


def wrong(container: Container) -> list[str]:
    with container.database.read() as session:
        return [each.what for each in faults(session)]


def digests(images: list[bytes]) -> list[str]:
    return [hashlib.sha256(image).hexdigest() for image in images]


def probe(client: TestClient, place: int = -1) -> Any:  # noqa: ANN401 - any JSON
    return rows(client)[place]["details"]["probe"]


def test_a_row_has_the_hash_of_each_file_that_was_looked_at(timed: TestClient) -> None:
    make_hq(timed)
    images, mixed = frames(ADA, ADA, ADA), frames(BOB, BOB, BOB, STRANGER)
    decision(timed, *images, images[-1])  # a copy is no further evidence
    assert probe(timed) == [{"sha256": each, "used": True} for each in digests(images)]
    decision(timed, *mixed)
    assert [each["sha256"] for each in probe(timed)] == digests(mixed)


def test_an_operator_may_want_nothing_kept(settings: Settings, clock: FakeClock) -> None:
    container = build(settings.model_copy(update={"probe_evidence": "none"}), clock)
    with client_of(container) as client:
        make_hq(client)
        of(client, ADA)
        assert probe(client) is None
        assert kept(container) == []


def test_a_match_is_kept_sealed_and_opens_with_the_right_key_only(
    door: TestClient, sealing: Container
) -> None:
    images = frames(ADA, ADA, ADA)
    decision(door, *images)
    boxes = kept(sealing)
    assert [each["sealed"] for each in probe(door)] == digests(boxes)
    assert [each["sha256"] for each in probe(door)] == digests(images)
    assert [Opener(PAIR.private).open(each) for each in boxes] == images
    assert {Opener(new_pair().private).open(each) for each in boxes} == {None}
    assert wrong(sealing) == []


def test_of_nobody_known_of_a_repeat_and_of_a_trial_no_picture_is_kept(
    door: TestClient, sealing: Container, clock: FakeClock
) -> None:
    for _ in range(6):
        of(door, STRANGER)
        clock.forward(dt.timedelta(seconds=1))
    of(door, ADA, dry_run="true")
    assert kept(sealing) == []
    assert probe(door)[0].keys() == {"sha256", "used"}
    of(door, ADA)
    of(door, ADA)
    assert len(kept(sealing)) == 3


def test_a_denial_that_names_somebody_is_kept_too(door: TestClient, sealing: Container) -> None:
    ok(door.patch(f"{HQ}/persons/ada", json={"suspended": True}))
    assert of(door, ADA)["reason"] == "person_suspended"
    assert len(kept(sealing)) == 3


def test_frames_that_came_one_by_one_are_all_kept(door: TestClient, sealing: Container) -> None:
    images = frames(ADA, ADA, ADA)
    for image in images:
        last = decision(door, image, session="visit")
    assert last["decision"] == "granted"
    assert [Opener(PAIR.private).open(each) for each in kept(sealing)] == images


def test_no_image_is_in_the_audit_in_events_in_the_log_in_a_backup_or_in_the_database(
    door: TestClient, sealing: Container, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    images = frames(ADA, ADA, ADA)
    decision(door, *images)
    said = [ok(door.get(path)) for path in ("/audit", "/events", f"{HQ}/doors/front/decisions")]
    with sealing.database.read() as session:
        tables = {
            table.name: str(session.execute(select(table)).all()).encode()
            for table in Base.metadata.sorted_tables
        }
    backed_up(sealing.database, tmp_path / "kith.zip")
    with zipfile.ZipFile(tmp_path / "kith.zip") as archive:
        backup = b"".join(archive.read(name) for name in archive.namelist())
    captured = capfd.readouterr()
    places = {
        **tables,
        "said": json.dumps(said).encode(),
        "backup": backup,
        "log": f"{captured.out}{captured.err}".encode(),
    }
    assert "door.decision" in f"{captured.out}{captured.err}"
    for name, content in places.items():
        for image in images:
            middle = image[60:76]
            forms = middle, str(middle)[2:-1].encode(), middle.hex().encode()
            assert not any(form in content for form in forms), name
    assert kept(sealing)[0] not in backup


def test_evidence_goes_with_the_person_and_the_hash_stays(
    door: TestClient, sealing: Container
) -> None:
    of(door, ADA)
    before = probe(door)
    assert door.delete(f"{HQ}/persons/ada").status_code == 204
    assert kept(sealing) == []
    assert probe(door) == before
    (gone,) = (
        each["details"]
        for each in ok(door.get("/audit", params={"limit": "1000"}))["items"]
        if each["action"] == "person.deleted"
    )
    assert gone == {"evidence": 3}
    assert wrong(sealing) == []


def test_evidence_goes_after_its_days_and_the_audit_says_so(
    door: TestClient, sealing: Container, clock: FakeClock
) -> None:
    of(door, ADA)
    for _ in range(3):
        clock.forward(DAY)
        sealing.jobs.run("evidence")
    assert len(kept(sealing)) == 3
    of(door, ADA)
    clock.forward(DAY)
    sealing.jobs.run("evidence")
    assert len(kept(sealing)) == 3
    assert wrong(sealing) == []
    (said,) = (
        each["details"]
        for each in ok(door.get("/audit", params={"limit": "1000"}))["items"]
        if each["action"] == "evidence.purged"
    )
    assert said == {"before": "2026-05-05T00:00:00.000000Z", "pictures": 3}
    metrics = door.get("http://kith/metrics").text
    assert 'kith_job_lag_seconds{name="evidence"} 0.0' in metrics


def test_evidence_goes_with_its_row_at_the_latest(
    door: TestClient, sealing: Container, clock: FakeClock
) -> None:
    of(door, ADA)
    clock.forward(200 * DAY)
    sealing.jobs.run("audit")
    assert kept(sealing) == []
    assert wrong(sealing) == []


def test_a_changed_a_removed_and_a_planted_picture_are_named(
    door: TestClient, sealing: Container
) -> None:
    of(door, ADA)
    seq = rows(door)[-1]["seq"]
    with sealing.database.write() as session:
        session.execute(update(Evidence).where(Evidence.place == 0).values(sealed=b"another"))
        session.execute(update(Evidence).where(Evidence.place == 1).values(place=7))
    assert sorted(wrong(sealing)) == [
        f"a sealed picture of row {seq} is missing",
        f"picture 0 of row {seq} is another than the row names",
        f"there is a picture 7 of row {seq}, which the row does not name",
    ]
    with sealing.database.write() as session:
        session.execute(delete(Evidence))
    assert wrong(sealing) == [f"a sealed picture of row {seq} is missing"]


def test_a_restored_audit_verifies_without_its_pictures(
    door: TestClient, sealing: Container, tmp_path: Path, clock: FakeClock
) -> None:
    clock.forward(-500 * DAY)  # a restore has the time of the machine
    of(door, ADA)
    backed_up(sealing.database, tmp_path / "kith.zip")
    restored(sealing.database, tmp_path / "kith.zip", replace=True)
    assert kept(sealing) == []
    assert wrong(sealing) == []
    with sealing.database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
    restored(sealing.database, tmp_path / "kith.zip")
    assert wrong(sealing) == []


def test_a_full_disk_leaves_neither_a_row_nor_a_grant(
    door: TestClient, sealing: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is one transaction, so a process that is killed between two writes leaves none either."""

    def full(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as during:
        during.setattr(evidence_repository, "append", full)
        answer = of(door, ADA)
    assert (answer["decision"], answer["reason"]) == ("denied", "system_error")
    assert rows(door) == []
    assert ok(door.get("/events", params={"types": "door.decision"}))["items"] == []
    assert of(door, ADA)["suppressed"] is False
    assert len(kept(sealing)) == 3


def test_the_export_for_the_ai_act_names_the_input(door: TestClient, sealing: Container) -> None:
    images = frames(ADA, ADA, ADA)
    decision(door, *images)
    with sealing.database.read() as session:
        (line,) = ai_act_12(session, "hq", None, None)
    assert [each["sha256"] for each in line["input"]] == digests(images)
    assert [each["sealed"] for each in line["input"]] == digests(kept(sealing))
    assert line["verified_by"] is None
