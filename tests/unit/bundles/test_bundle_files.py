"""Every file of a bundle is the one that its manifest states, and the calibration is believable."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.bundles.bundle import Bundle
from app.bundles.manifest import MODEL_CARD
from app.bundles.writing import ModelFile, use_calibration, write_bundle
from app.decision.calibration_file import to_json
from app.decision.cohort import Cohort
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.errors import BundleError
from app.inference.pipeline import build_pipeline
from app.settings import SHIPPED
from tests.support.fake_bundle import (
    as_earlier_releases,
    fake_calibration,
    former_calibration,
    random_people,
)

FILES = {"embedder.onnx", "calibration.json", "MODEL_CARD.md"}


@pytest.fixture
def folder(fake_bundle: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(fake_bundle, tmp_path / "bundle"))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as refused:
        Bundle.load(folder)
    assert "\n" not in refused.value.detail
    return refused.value.detail


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["fake", "face-mini"])
def test_the_manifest_lists_every_file_of_the_bundle(folder: Path, name: str) -> None:
    folder = folder if name == "fake" else SHIPPED / name
    bundle = Bundle.load(folder)
    there = {each.name for each in folder.iterdir()} - {"manifest.json"}
    assert bundle.manifest.files.keys() == there >= FILES
    for file, entry in bundle.manifest.files.items():
        assert (entry.sha256, entry.bytes) == (
            digest(folder / file),
            (folder / file).stat().st_size,
        )
    assert bundle.manifest_sha256 == digest(folder / "manifest.json")
    assert bundle.warnings == {}


@pytest.mark.parametrize("name", ["calibration.json", "MODEL_CARD.md"])
def test_one_character_that_was_changed_is_found(folder: Path, name: str) -> None:
    file = folder / name
    text = file.read_text()
    file.write_text(text.replace("e", "3", 1))
    assert name in refusal(folder)
    assert "SHA-256" in refusal(folder)
    file.write_text(text + "\n")
    assert f"has {len(text) + 1} bytes" in refusal(folder)
    file.unlink()
    assert f"{name} is missing" in refusal(folder)


def test_a_bundle_of_an_earlier_release_is_loaded_with_a_warning(folder: Path) -> None:
    before = Bundle.load(folder)
    earlier = Bundle.load(as_earlier_releases(folder))
    assert earlier.manifest.contract_id == before.manifest.contract_id
    assert to_json(earlier.calibration) == to_json(before.calibration)
    assert f"kith models use-calibration {folder}" in earlier.warnings["calibration_unprotected"]
    assert earlier.warnings.keys() == {"calibration_unprotected"}
    after = use_calibration(folder)
    assert after.warnings == {}
    assert after.manifest == before.manifest


def test_a_calibration_is_put_in_place_with_its_digest_or_not_at_all(folder: Path) -> None:
    (folder / "NOTES").write_text("the operator's")
    before = Bundle.load(folder)
    kept = {each.name: each.read_bytes() for each in folder.iterdir()}
    other = fake_calibration() | {"ambiguity_margin": 0.02}
    for wrong, says in (
        (b"{", "cannot be read"),
        (json.dumps(other | {"tail": {}}).encode(), "has no 'z'"),
        (json.dumps(other | {"strangers": {}}).encode(), "has no 'persons'"),
        (json.dumps(other | {"ambiguity_margin": 1.5}).encode(), "ambiguity_margin is 1.5"),
        (
            json.dumps(other | {"evidence": {"contract_id": "face-1"}}).encode(),
            "was measured with 'face-1'",
        ),
    ):
        with pytest.raises(BundleError, match=says):
            use_calibration(folder, wrong)
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == kept
    after = use_calibration(folder, json.dumps(other).encode())
    assert after.calibration.ambiguity_margin == 0.02
    assert after.manifest.contract_id == before.manifest.contract_id
    assert after.manifest_sha256 != before.manifest_sha256
    assert (folder / "calibration.json").read_text() == json.dumps(other)
    assert (folder / "NOTES").read_text() == "the operator's"
    assert {each.name for each in folder.parent.iterdir()} == {"bundle", ".bundle.lock"}


def test_one_that_was_copied_into_the_bundle_is_taken_where_the_operator_says_so(
    folder: Path,
) -> None:
    (folder / "calibration.json").write_text(json.dumps(fake_calibration()))
    assert f"`kith models use-calibration {folder}`" in refusal(folder)
    assert use_calibration(folder).warnings == {}
    (folder / "embedder.onnx").write_bytes(b"half")
    with pytest.raises(BundleError, match=r"embedder\.onnx has 4 bytes"):
        use_calibration(folder)


def test_a_crash_or_a_fault_between_two_renames_loses_no_bundle(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "calibration.json").chmod(0o600)
    before = Bundle.load(folder).manifest
    rename = Path.rename

    def fails(file: Path, target: Path) -> Path:
        if file.name == "bundle" and target == folder:
            raise OSError(errno.EIO, "Input/output error")
        return rename(file, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fails)
        with pytest.raises(OSError, match="Input/output"):
            use_calibration(folder)
    assert Bundle.load(folder).manifest == before
    left = folder.parent / ".bundle-0123abcd"
    left.mkdir()
    folder.rename(left / "old")
    assert use_calibration(folder).manifest == before
    assert (folder / "calibration.json").stat().st_mode & 0o777 == 0o600
    assert not left.exists()


def written(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """An honest manifest around a calibration after ``change``."""
    content = fake_calibration()
    change(content)
    data = json.dumps(content).encode()
    (folder / "calibration.json").write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["calibration.json"] = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["strangers"].update(mean=-5), "strangers.mean is -5"),
        (lambda c: c["strangers"].update(persons="AAAA"), "strangers.persons is 'AAAA'"),
        (lambda c: c["tail"]["log_fmr"].__setitem__(0, float("nan")), "NaN is no number"),
        (lambda c: c["tail"]["log_fmr"].__setitem__(0, -1e308), "tail.log_fmr[0] is -1e+308"),
        (lambda c: c["tail"]["z"].__setitem__(4, 1e308), "tail.z[4] is 1e+308"),
        (lambda c: c["evidence"].update(note=float("inf")), "Infinity is no number"),
        (lambda c: c["evidence"].update(data="\ud800"), "half of a character"),
        (lambda c: c["evidence"].update(contract_id="face-1"), "was measured with 'face-1'"),
        (lambda c: c["evidence"].update(more=[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]), "levels"),
    ],
)
def test_what_a_manifest_states_must_make_sense_too(
    folder: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    assert says in refusal(written(folder, change))


def test_a_calibration_of_an_earlier_release_decides_as_well_as_it_can(folder: Path) -> None:
    """Its mean and deviation are those of its images, its tail that of scores that they
    standardise; the gallery's people count as with any other.
    """
    after = use_calibration(folder, json.dumps(former_calibration()).encode())
    assert after.warnings.keys() == {"calibration_former"}
    assert "`kith models calibrate`" in after.warnings["calibration_former"]
    assert "\n" not in after.warnings["calibration_former"]
    calibration, people = after.calibration, random_people(40, 32, seed=9)
    assert calibration.typical_rates.threshold(0.01).similarity == pytest.approx(0.55, abs=0.03)
    rates = GalleryRates(calibration, Cohort.of(people), GallerySize(40, 40))
    probes = np.concatenate([people[:1], random_people(1, 32, seed=10)])
    mate, stranger = (each.threshold(0.01).similarity for each in rates.of(probes))
    assert max(people @ probes[1]) < stranger < mate < 0.75


def test_names_twice_in_one_object_are_refused(folder: Path) -> None:
    file = folder / "manifest.json"
    text = file.read_text()
    entry = json.dumps(json.loads(text)["files"]["embedder.onnx"])
    file.write_text(text.replace('"files": {', '"files": {"embedder.onnx": ' + entry + ",", 1))
    assert "has the member 'embedder.onnx' twice" in refusal(folder)
    file.write_text(text)
    written(folder, lambda _: None)
    calibration = as_earlier_releases(folder) / "calibration.json"
    calibration.write_text(calibration.read_text().replace("{", '{"format": 1, ', 1))
    assert "has the member 'format' twice" in refusal(folder)


@pytest.mark.parametrize("name", ["manifest.json", "calibration.json", "embedder.onnx"])
def test_pipes_folders_and_links_out_of_the_bundle_are_no_files_of_it(
    folder: Path, name: str
) -> None:
    file, outside = folder / name, folder.parent / "outside"
    file.rename(outside)
    file.symlink_to(outside)
    assert f"{name} is a link to {outside}, outside of the bundle" in refusal(folder)
    file.unlink()
    outside.rename(folder / "stored")
    file.symlink_to("stored")
    assert Bundle.load(folder).warnings == {}
    file.unlink()
    os.mkfifo(file)
    assert name in refusal(folder)
    file.unlink()
    file.mkdir()
    assert name in refusal(folder)
    file.rmdir()
    file.symlink_to(name)
    assert f"{name} cannot be read: Too many levels of symbolic links" in refusal(folder)


def test_a_pipe_that_is_stated_to_be_empty_is_not_waited_for(folder: Path) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["files"][MODEL_CARD] |= {"bytes": 0, "sha256": hashlib.sha256().hexdigest()}
    file.write_text(json.dumps(manifest))
    (folder / MODEL_CARD).unlink()
    os.mkfifo(folder / MODEL_CARD)
    assert "a pipe, and no file" in refusal(folder)


def test_a_model_whose_weights_lie_in_another_file_is_refused(tmp_path: Path) -> None:
    """Nothing states that file, and onnxruntime would read it."""
    file = tmp_path / "m.onnx"
    weights = numpy_helper.from_array(np.eye(48, 4, dtype=np.float32), "weights")
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["rows"]),
            helper.make_node("LpNormalization", ["rows"], ["out"]),
        ],
        "rows",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 4, 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", 4])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    description = {
        "name": "made",
        "version": "1",
        "licence": "none",
        "dimension": 4,
        "preprocessing": {"size": [4, 4], "channels": "RGB"},
        "alignment": None,
        "detector": None,
    }
    for outside in (False, True):
        onnx.save(
            model, str(file), save_as_external_data=outside, location="weights", size_threshold=0
        )
        bundle = write_bundle(
            tmp_path / "made",
            description,
            models={"embedder.onnx": ModelFile(file, "none")},
            calibration=former_calibration(),
            model_card="",
        )
        if not outside:
            assert build_pipeline(bundle).dimension == 4
    shutil.copy(tmp_path / "weights", bundle.folder)
    with pytest.raises(BundleError, match="External data"):
        build_pipeline(bundle)
