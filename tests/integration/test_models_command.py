"""``kith models`` and ``kith check`` about a bundle: what it is, and whether it is what it was."""

import hashlib
import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.bundles.bundle import Bundle
from app.bundles.writing import use_calibration
from app.inference.choice import REFERENCE, choose
from app.recognition.model_service import ModelService
from app.settings import SHIPPED, Settings
from tests.support.commands import Kith
from tests.support.fake_bundle import (
    as_earlier_releases,
    fake_calibration,
    former_calibration,
)
from tests.support.services import make_collection, running


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_a_bundle_is_named_by_its_folder_or_by_its_name(
    kith: Kith, fake_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(fake_bundle, tmp_path / "data" / "models" / "mine")
    show = partial(kith, tmp_path / "data", fake_bundle, "models", "show")
    for named, folder in (
        ("face-mini", SHIPPED / "face-mini"),
        ("mine", fake_bundle),
        (fake_bundle, fake_bundle),
    ):
        said = show(named)
        assert said.endswith("[0]"), said
        assert Bundle.load(folder).manifest.contract_id in said
        assert f"SHA-256 of its manifest: {digest(folder)}" in said
    assert "fake" in kith(tmp_path / "data", Path("mine"), "models", "show")
    said, mine = show("nobodys"), tmp_path / "data" / "models"
    assert said.startswith(
        f"kith: No model bundle 'nobodys' was found: there is no folder {tmp_path / 'nobodys'}, "
        f"none of that name comes with Kith (face-mini), and none is in {mine} (mine). "
        "Give one of these names or a bundle's folder; `kith models pull` gets"
    )
    assert said.endswith("[1]")
    assert "No model bundle 'mini'" in kith(tmp_path / "data", Path("mini"), "models", "show")
    shutil.copytree(fake_bundle, tmp_path / "face-mini")  # a folder that is there goes first
    assert digest(fake_bundle) in show("face-mini")


def test_a_calibration_is_put_in_place_by_one_command(
    kith: Kith, fake_bundle: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(fake_bundle, tmp_path / "data" / "models" / "mine"))
    before = digest(folder)
    models = partial(kith, tmp_path / "data", fake_bundle, "models")
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(fake_calibration() | {"ambiguity_margin": 0.02}))
    said = models("use-calibration", "mine", file)
    assert said.endswith("[0]"), said
    assert digest(folder) in said != before
    assert Bundle.load(folder).calibration.ambiguity_margin == 0.02
    file.write_text("{}")
    said = models("use-calibration", "mine", file)
    assert "it has no 'format'" in said
    assert said.endswith("[1]")
    assert Bundle.load(folder).calibration.ambiguity_margin == 0.02


def test_a_further_model_is_put_in_place_by_one_command(
    kith: Kith, fake_bundle: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(fake_bundle, tmp_path / "data" / "models" / "mine"))
    before = Bundle.load(folder).manifest.contract
    file = tmp_path / "liveness.onnx"
    file.write_bytes(b"live?")
    add = partial(kith, tmp_path / "data", fake_bundle, "models", "add-model", "mine", file)
    said = add("--role", "liveness", "--licence", "MIT")
    assert "for liveness, MIT" in said
    assert said.endswith("[0]"), said
    assert Bundle.load(folder).manifest.contract == before
    said = add("--role", "embedder", "--licence", "MIT")
    assert "which embedder.onnx alone has" in said
    assert said.endswith("[1]")


def test_check_looks_at_the_bundle_as_well(
    kith: Kith, settings: Settings, fake_bundle: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with running(settings.model_copy(update={"database_url": None}), data) as container:
        make_collection(container, "doors")
    folder = Path(shutil.copytree(fake_bundle, tmp_path / "bundle"))
    check = partial(kith, data, folder, "check")
    said = check()
    assert f"SHA-256 of its manifest {digest(folder)}" in said
    assert said.endswith("[0]"), said
    calibration = folder / "calibration.json"
    whole = calibration.read_text()
    calibration.write_text(whole.replace('"ambiguity_margin": 0.01', '"ambiguity_margin": 0.02'))
    said = check()
    assert "model bundle" in said
    assert "itsmanifeststates" in "".join(filter(str.isalnum, said))  # a long path folds the cell
    assert said.endswith("[1]")
    calibration.write_text(whole)
    as_earlier_releases(folder)
    said = check()
    assert f"kith models use-calibration {folder}" in said
    assert said.endswith("[0]"), said
    kith(data, folder, "models", "use-calibration", folder)
    assert "Warning" not in check()
    former = tmp_path / "former.json"
    former.write_text(json.dumps(former_calibration()))
    shown = kith(data, folder, "models", "use-calibration", folder, former)
    for said in (shown, check(), kith(data, folder, "models", "show", folder)):
        assert "Warning: The calibration in" in said
        assert f"`kith models pull --to {folder}`" in said
        assert said.endswith("[0]"), said


def test_the_start_names_the_bundle(fake_bundle: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(fake_bundle, tmp_path / "bundle"))
    with capture_logs() as lines:
        way = choose(Bundle.load(folder), REFERENCE)
        ModelService(Bundle.load(folder), way).tell()
        former_one = use_calibration(folder, json.dumps(former_calibration()).encode())
        ModelService(former_one, way).tell()
        ModelService(Bundle.load(as_earlier_releases(folder)), way).tell()
    former, unprotected = "bundle.calibration_former", "bundle.calibration_unprotected"
    events = [line["event"] for line in lines]
    started = "bundle.loaded", "provider.chosen"
    assert events == [*started, *started, former, *started, unprotected, former]
    assert lines[5]["manifest_sha256"] == digest(folder)
    assert (lines[6]["provider"], lines[6]["precision"]) == ("cpu", "fp32")
    assert all(str(folder) in line["what"] for line in lines if line["event"] not in started)
