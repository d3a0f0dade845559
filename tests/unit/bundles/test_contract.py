"""A contract id names the embedding path alone: further models join a bundle and change no id."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.bundles.bundle import Bundle
from app.bundles.contract import Contract
from app.bundles.manifest import FileEntry, made_manifest, read_manifest
from app.bundles.plan import read_plan
from app.bundles.recipe import CAMERAS, PLAIN
from app.bundles.writing import ModelFile, add_model, use_calibration
from app.errors import BundleError
from app.inference.pipeline import build_pipeline
from app.settings import SHIPPED
from tests.support.fake_bundle import as_earlier_releases

FAKE = Contract("fake-c80a1f3b13c547db", 32, "whole-image-b35f0895555420cf")


@pytest.fixture
def folder(fake_bundle: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(fake_bundle, tmp_path / "bundle"))


def model(folder: Path, name: str = "liveness.onnx", content: bytes = b"live?") -> Path:
    """A file that stands for a model; nothing runs it here."""
    file = folder.parent / name
    file.write_bytes(content)
    return file


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as refused:
        Bundle.load(folder)
    assert "\n" not in refused.value.detail
    return refused.value.detail


@pytest.mark.parametrize(
    ("recipe", "contract_id"),
    [(PLAIN, "face-782f9b7bbb40ba4d"), (CAMERAS, "face-df7bd06f0280fae5")],
    ids=["plain", "cameras"],
)
def test_the_recipes_keep_the_ids_that_databases_hold(recipe: Path, contract_id: str) -> None:
    steps = read_plan(recipe).steps
    made = {n: FileEntry(sha256=s, bytes=1, licence="any") for n, s in steps["made"].items()}
    further = FileEntry(sha256="0" * 64, bytes=1, licence="any", role="liveness")
    for files in (made, {**made, "liveness.onnx": further}):
        assert made_manifest(steps["description"], files).contract_id == contract_id


def test_the_shipped_and_the_fake_bundle_keep_their_ids(folder: Path) -> None:
    mini, fake = read_manifest(SHIPPED / "face-mini"), read_manifest(folder)
    assert mini.contract == Contract(
        "face-mini-f1c20892292bd5bf", 128, "arcface-112-7178ccc43b4213c6"
    )
    assert fake.contract == FAKE
    assert read_manifest(as_earlier_releases(folder)).contract == FAKE


def test_a_further_model_joins_a_bundle_and_the_contract_stays(folder: Path) -> None:
    before = Bundle.load(folder)
    after = add_model(folder, ModelFile(model(folder), "MIT", "liveness"))
    second = model(folder, "2.7_80x80_MiniFASNetV2.onnx", b"another")
    after = add_model(folder, ModelFile(second, "Apache-2.0", "liveness"))
    after = add_model(folder, ModelFile(model(folder, "quality.onnx"), "MIT", "quality"))
    assert after.manifest.contract == before.manifest.contract == FAKE
    assert {name: each.role for name, each in after.manifest.further.items()} == {
        "liveness.onnx": "liveness",
        second.name: "liveness",
        "quality.onnx": "quality",
    }
    assert (folder / "liveness.onnx").read_bytes() == b"live?"
    entry = json.loads((folder / "manifest.json").read_text())["files"]["liveness.onnx"]
    assert (entry["role"], entry["licence"], entry["bytes"]) == ("liveness", "MIT", 5)
    assert after.manifest_sha256 != before.manifest_sha256
    assert build_pipeline(after).dimension == 32
    assert use_calibration(folder).manifest == after.manifest  # other changes keep them
    add_model(folder, ModelFile(model(folder, content=b"a newer one"), "MIT", "liveness"))
    assert (folder / "liveness.onnx").read_bytes() == b"a newer one"


def test_files_without_a_role_are_stated_as_they_were(folder: Path) -> None:
    """So that an older release reads a bundle that has no further model."""
    use_calibration(folder)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert [set(entry) for entry in files.values()] == [
        {"sha256", "bytes", "licence"},
        {"sha256", "bytes"},
        {"sha256", "bytes"},
    ]


def test_every_further_model_is_the_one_that_the_manifest_states(folder: Path) -> None:
    add_model(folder, ModelFile(model(folder), "MIT", "liveness"))
    file = folder / "liveness.onnx"
    file.write_bytes(b"live!")
    assert "liveness.onnx has the SHA-256" in refusal(folder)
    file.unlink()
    assert "liveness.onnx is missing" in refusal(folder)
    file.symlink_to(model(folder, "outside.onnx"))
    assert "outside of the bundle" in refusal(folder)
    file.unlink()
    os.mkfifo(file)
    assert "liveness.onnx is a folder, a device or a pipe" in refusal(folder)


def test_a_model_that_the_manifest_does_not_state_is_refused(folder: Path) -> None:
    stray = Path(shutil.copy(model(folder), folder))
    assert "liveness.onnx is a model that" in refusal(folder)
    assert "`kith models add-model`" in refusal(folder)
    with pytest.raises(BundleError, match=str(stray)):
        add_model(folder, ModelFile(model(folder, "quality.onnx"), "MIT", "quality"))
    stray.rename(folder / "NOTES")
    (folder / "embedder.onnx").rename(folder / "v2.onnx")
    (folder / "embedder.onnx").symlink_to("v2.onnx")
    (folder / "._embedder.onnx").write_bytes(b"of another system")
    assert Bundle.load(folder).manifest.contract == FAKE


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("liveness.onnx", lambda e: e.pop("role"), "files.liveness.onnx.role: say what the model"),
        (
            "liveness.onnx",
            lambda e: e.pop("licence"),
            "files.liveness.onnx.licence: Field required",
        ),
        ("liveness.onnx", lambda e: e.update(role="Live ness"), "files.liveness.onnx.role"),
        ("liveness.onnx", lambda e: e.update(role="embedder"), "which embedder.onnx alone has"),
        ("detector.onnx", lambda _: None, "lists ['detector.onnx', 'embedder.onnx']"),
        ("../liveness.onnx", lambda _: None, "lists ['../liveness.onnx'"),
        ("liveness.pkl", lambda _: None, "lists ['embedder.onnx', 'liveness.pkl']"),
        ("MODEL_CARD.md", lambda _: None, "files.MODEL_CARD.md.role is 'liveness'"),
        ("embedder.onnx", lambda _: None, "files.embedder.onnx.role is 'liveness'"),
    ],
)
def test_an_entry_that_is_no_further_model_is_refused(
    folder: Path, name: str, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    entry = {"sha256": "0" * 64, "bytes": 1, "licence": "MIT", "role": "liveness"}
    change(entry)
    manifest["files"][name] = entry
    file.write_text(json.dumps(manifest))
    assert says in refusal(folder)


@pytest.mark.parametrize(
    ("name", "role", "says"),
    [
        ("embedder.onnx", "embedder", "decides the contract id"),
        ("detector.onnx", "detector", "decides the contract id"),
        ("liveness.pkl", "liveness", "lists ["),
        ("liveness.onnx", "", "say what the model is for"),
        ("liveness.onnx", "../x", "role"),
    ],
)
def test_what_cannot_be_a_further_model_is_not_added(
    folder: Path, name: str, role: str, says: str
) -> None:
    kept = {each.name: each.read_bytes() for each in folder.iterdir()}
    with pytest.raises(BundleError) as refused:
        add_model(folder, ModelFile(model(folder, name), "MIT", role))
    assert says in refused.value.detail
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == kept
