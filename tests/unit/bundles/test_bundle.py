"""A bundle is loaded whole or refused in one line that says what is wrong with it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from app.bundles.bundle import Bundle
from app.bundles.contract import contract_id
from app.bundles.manifest import read_manifest
from app.bundles.writing import ModelFile, write_bundle
from app.errors import BundleError
from app.inference.pipeline import build_pipeline
from app.settings import SHIPPED
from tests.support.fake_bundle import former_calibration, write_fake_bundle

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(fake_bundle: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(fake_bundle, tmp_path / "bundle"))


def _changed(folder: Path, change: Change, *, honest: bool = True) -> Path:
    """The manifest after ``change``, with the contract id that then fits, where ``honest``."""
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    change(manifest)
    if honest:
        manifest["contract_id"] = contract_id(manifest)
    file.write_text(json.dumps(manifest))
    return folder


def _refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as refusal:
        build_pipeline(Bundle.load(folder))
    return refusal.value.detail


def test_a_whole_bundle_is_loaded_with_its_calibration(folder: Path) -> None:
    bundle = Bundle.load(folder)
    assert bundle.manifest.name == "fake"
    assert bundle.manifest.contract_id.startswith("fake-")
    assert bundle.embedder == folder / "embedder.onnx"
    assert bundle.detector is None
    assert bundle.calibration.typical.persons == 1000
    assert 0 < bundle.calibration.typical_rates.fmr(0.5) < 1
    with pytest.raises(FrozenInstanceError):
        bundle.folder = folder  # type: ignore[misc]


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    assert "is no model bundle: it has no manifest.json" in _refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 1}'])
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    refusal = _refusal(folder)
    assert "manifest.json cannot be read" in refusal
    assert "\n" not in refusal


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(format=2), "format"),
        (lambda m: m.update(dimension=0), "dimension"),
        (lambda m: m.update(surprise=1), "surprise"),
        (lambda m: m.pop("licence"), "licence"),
        (lambda m: m.update(name="../x"), "name"),
        (lambda m: m["preprocessing"].update(channels="RGBA"), "preprocessing.channels"),
        (lambda m: m["preprocessing"].update(size=[0, 32]), "preprocessing.size.0"),
        (lambda m: m["preprocessing"].update(size=[32, 1 << 20]), "preprocessing.size.1"),
        (lambda m: m["preprocessing"].update(mean=[0, 0, 0]), "one number for each channel of L"),
        (lambda m: m["preprocessing"].update(scale=[]), "one number for each channel of L"),
        (lambda m: m["preprocessing"].update(background=256), "preprocessing.background"),
        (lambda m: m["preprocessing"].update(mean=[float("nan")]), ""),
        (lambda m: m.update(alignment="arcface-112"), "alignment and detector go together"),
        (lambda m: m.update(alignment="other"), "alignment"),
        (lambda m: m["files"]["embedder.onnx"].update(sha256="00"), "files.embedder.onnx.sha256"),
        (lambda m: m["files"].pop("embedder.onnx"), "lists []"),
        (lambda m: m["files"].update({"../x": m["files"]["embedder.onnx"]}), "lists ['../x'"),
    ],
)
def test_each_defect_of_a_manifest_is_named(folder: Path, change: Change, says: str) -> None:
    refusal = _refusal(_changed(folder, change))
    assert says in refusal
    assert "manifest" in refusal
    assert "\n" not in refusal


def test_faces_that_are_aligned_need_the_size_of_their_alignment(folder: Path) -> None:
    detector = {"kind": "yunet", "score_threshold": 0.6, "nms_threshold": 0.3}
    changed = _changed(folder, lambda m: m.update(alignment="arcface-112", detector=detector))
    assert "arcface-112 gives 112 x 112" in _refusal(changed)


def test_a_contract_id_that_does_not_fit_its_contents_is_refused(folder: Path) -> None:
    _changed(folder, lambda m: m["preprocessing"].update(invert=True), honest=False)
    assert "does not fit its contents" in _refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["preprocessing"].update(invert=True),
        lambda m: m["preprocessing"].update(mean=[0.0]),
        lambda m: m.update(dimension=31),
        lambda m: m["files"]["embedder.onnx"].update(sha256="0" * 64),
    ],
)
def test_all_that_makes_templates_comparable_is_in_the_contract_id(
    folder: Path, change: Change
) -> None:
    before = json.loads((folder / "manifest.json").read_text())["contract_id"]
    _changed(folder, change)
    assert json.loads((folder / "manifest.json").read_text())["contract_id"] != before


def test_the_contract_id_is_the_same_wherever_the_bundle_is_written(tmp_path: Path) -> None:
    ids = {Bundle.load(write_fake_bundle(tmp_path / name)).manifest.contract_id for name in "ab"}
    other = Bundle.load(write_fake_bundle(tmp_path / "c", seed=1)).manifest.contract_id
    assert len(ids) == 1
    assert other not in ids


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda m: m["preprocessing"].update(invert=True), True),
        (
            lambda m: m["preprocessing"].update(channels="RGB", mean=[0.0] * 3, scale=[1.0] * 3),
            True,
        ),
        (lambda m: m["files"]["embedder.onnx"].update(sha256="0" * 64), True),
        (lambda m: m["preprocessing"].update(size=[64, 32]), False),
        (lambda m: m["preprocessing"].update(resize="contain"), False),
        (lambda m: m["preprocessing"].update(background=9), False),
    ],
)
def test_the_crop_id_is_of_the_pixels_and_not_of_what_is_made_of_them(
    folder: Path, change: Change, same: bool
) -> None:
    before = read_manifest(folder).crop_id
    assert (read_manifest(_changed(folder, change)).crop_id == before) is same


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda m: m["detector"].update(score_threshold=0.9), True),
        (lambda m: m["files"]["detector.onnx"].update(sha256="0" * 64), False),
    ],
)
def test_an_aligned_crop_is_of_the_detector_that_its_landmarks_are_of(
    tmp_path: Path, change: Change, same: bool
) -> None:
    mini = tmp_path / "mini"
    mini.mkdir()
    shutil.copy(SHIPPED / "face-mini" / "manifest.json", mini)
    before = read_manifest(mini).crop_id
    assert before.startswith("arcface-112-")
    assert (read_manifest(_changed(mini, change)).crop_id == before) is same


def test_a_missing_model_is_named(folder: Path) -> None:
    (folder / "embedder.onnx").unlink()
    assert "embedder.onnx is missing" in _refusal(folder)


def test_a_model_of_another_length_is_refused(folder: Path) -> None:
    with (folder / "embedder.onnx").open("ab") as file:
        file.write(b"x")
    assert "its manifest states" in _refusal(folder)


def test_a_model_with_one_bit_turned_is_refused(folder: Path) -> None:
    content = bytearray((folder / "embedder.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "embedder.onnx").write_bytes(content)
    assert "SHA-256" in _refusal(folder)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}", b'{"format": 99}'])
def test_a_calibration_that_is_missing_or_odd_is_refused(
    folder: Path, content: bytes | None
) -> None:
    file = folder / "calibration.json"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert "alibration" in _refusal(folder)


def _write(folder: Path, model: Path, **description: object) -> Bundle:
    plain = {
        "name": "made",
        "version": "1",
        "licence": "none",
        "dimension": 4,
        "preprocessing": {"size": [4, 4], "channels": "RGB"},
        "alignment": None,
        "detector": None,
    }
    return write_bundle(
        folder,
        plain | description,
        models={"embedder.onnx": ModelFile(model, "none")},
        calibration=former_calibration(),  # of any dimension
        model_card="# made\n",
    )


def _model(file: Path, *, normalised: bool = True, channels: int = 3, side: int = 4) -> Path:
    """A pool over everything but the rows: (n, channels, side, side) to (n, side)."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["rows"], axes=[1, 3], keepdims=0),
        helper.make_node("LpNormalization" if normalised else "Relu", ["rows"], ["out"]),
    ]
    shape: list[str | int | None] = ["batch", channels, side, side]
    graph = helper.make_graph(
        nodes,
        "rows",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", side])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(file))
    return file


def test_a_bundle_that_was_written_can_be_used(tmp_path: Path) -> None:
    pipeline = build_pipeline(_write(tmp_path / "made", _model(tmp_path / "m.onnx")))
    assert pipeline.dimension == 4


@pytest.mark.parametrize(
    ("model", "description", "says"),
    [
        ({"normalised": False}, {}, "unit length"),
        ({}, {"dimension": 5}, "promises 5"),
        ({"channels": 1}, {}, "does not take"),
        ({}, {"preprocessing": {"size": [6, 4], "channels": "RGB"}}, "does not take"),
    ],
)
def test_a_model_that_does_not_keep_its_manifest_is_refused_at_the_start(
    tmp_path: Path, model: dict[str, Any], description: dict[str, Any], says: str
) -> None:
    bundle = _write(tmp_path / "made", _model(tmp_path / "m.onnx", **model), **description)
    with pytest.raises(BundleError, match=says):
        build_pipeline(bundle)


def test_a_file_that_is_no_model_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"no model")
    bundle = _write(tmp_path / "made", tmp_path / "m.onnx")
    with pytest.raises(BundleError, match="no model that onnxruntime can run"):
        build_pipeline(bundle)


def test_a_description_that_is_no_manifest_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="dimension"):
        _write(tmp_path / "made", _model(tmp_path / "m.onnx"), dimension=-1)
    assert [each.name for each in tmp_path.iterdir()] == ["m.onnx"]


def test_writing_replaces_a_bundle_as_a_whole(tmp_path: Path) -> None:
    folder = write_fake_bundle(tmp_path / "bundle")
    (folder / "stray").write_text("old")
    before = Bundle.load(folder).manifest.contract_id
    write_fake_bundle(folder, seed=5)
    assert Bundle.load(folder).manifest.contract_id != before
    assert not (folder / "stray").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["bundle"]


def test_a_bundle_that_would_be_broken_is_not_written(tmp_path: Path) -> None:
    folder = write_fake_bundle(tmp_path / "bundle")
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(BundleError):
        write_bundle(
            folder,
            {k: v for k, v in json.loads(before).items() if k not in ("files", "contract_id")},
            models={"embedder.onnx": ModelFile(folder / "embedder.onnx", "none")},
            calibration={"format": 99},
            model_card="",
        )
    assert (folder / "manifest.json").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["bundle"]
