"""Templates of another model are never compared with the running one's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import enrol, files, made, make_collection, ok, problem
from tests.support.client import client_of
from tests.support.fake_bundle import write_fake_bundle
from tests.support.pictures import picture

OLD = "/collections/old"


@pytest.fixture
def upgraded(settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    """A service on another bundle than the one that the collection ``old`` was enrolled with."""
    with client_of(build(settings)) as before:
        make_collection(before, "old")
        enrol(before, OLD, "ada", picture(1))
    other = write_fake_bundle(tmp_path / "other", seed=1)
    with client_of(build(settings.model_copy(update={"model": other}))) as after:
        yield after


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{OLD}/identify", "image"),
        (f"{OLD}/persons/ada/verify", "image"),
        (f"{OLD}/persons/ada/faces", "images"),
        (f"{OLD}/persons", "images"),
        (f"{OLD}/feedback", "image"),
    ],
)
def test_another_models_templates_are_refused(upgraded: TestClient, path: str, field: str) -> None:
    image = files(picture(1, 1), field=field)
    form = {"person_id": "ada", "verdict": "them"} if path.endswith("feedback") else {}
    body = problem(upgraded.post(path, data=form, files=image), 409, "contract_mismatch")
    assert "KITH_MODEL" in body["detail"]  # what to do
    assert all(contract in body["detail"] for contract in _contracts(upgraded))


def test_another_models_threshold_distances_and_lookalikes_are_refused(
    upgraded: TestClient,
) -> None:
    for report in ("threshold", "lookalikes", "odd-faces"):
        problem(upgraded.get(f"{OLD}/{report}"), 409, "contract_mismatch")
    images = files(picture(1), picture(2))
    problem(upgraded.post(f"{OLD}/clusters", files=images), 409, "contract_mismatch")
    problem(upgraded.post(f"{OLD}/distances", files=images), 409, "contract_mismatch")


def test_what_needs_no_model_still_works(upgraded: TestClient) -> None:
    assert ok(upgraded.get(OLD))["face_count"] == 1
    assert ok(upgraded.get(f"{OLD}/persons/ada/faces"))["items"]
    ok(upgraded.patch(f"{OLD}/persons/ada", json={"name": "Ada"}))
    assert upgraded.delete(f"{OLD}/persons/ada").status_code == 204


def test_a_new_collection_is_of_the_running_model(upgraded: TestClient) -> None:
    old, running = _contracts(upgraded)
    assert made(upgraded.post("/collections", json={}))["contract_id"] == running != old


def test_the_start_warns_once_of_collections_of_another_model(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with client_of(build(settings)) as before:
        for each in ("old", "older"):
            make_collection(before, each)
        old = ok(before.get(OLD))["contract_id"]
    with client_of(build(settings)):
        assert not _warnings(capsys)
    other = write_fake_bundle(tmp_path / "other", seed=1)
    with client_of(build(settings.model_copy(update={"model": other}))) as after:
        (warning,) = _warnings(capsys)
        assert warning["event"] == "collections.of_another_model"
        assert (warning["collections"], warning["by_contract"]) == (2, {old: 2})
        assert warning["contract_id"] == ok(after.get("/models"))["items"][0]["contract_id"]
    assert "KITH_MODEL" in warning["what"]
    assert "`kith check`" in warning["what"]


def _warnings(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["level"] == "warning"]


def _contracts(client: TestClient) -> tuple[str, str]:
    """The contract of the old collection, and that of the running model."""
    running = ok(client.get("/models"))["items"][0]["contract_id"]
    return ok(client.get(OLD))["contract_id"], running
