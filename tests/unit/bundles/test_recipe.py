"""The surgery on the graphs changes their shapes and never their answers."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from app.bundles.recipe import adapt_detector, adapt_embedder
from app.inference.session import open_session
from tests.unit.bundles.publisher import save_detector, save_embedder


def _run(file: Path, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    session: ort.InferenceSession = open_session(file)
    answers: list[NDArray[np.float32]] = session.run(None, {session.get_inputs()[0].name: blob})
    return answers


def _noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).uniform(0, 255, shape).astype(np.float32)


def test_the_adapted_embedder_gives_the_published_rows_at_unit_length(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    adapt_embedder(tmp_path / "published.onnx", tmp_path / "adapted.onnx")
    blobs = _noise(3, 3, 112, 112)
    rows = _run(tmp_path / "adapted.onnx", blobs)[0]
    for blob, row in zip(blobs, rows, strict=True):
        expected = _run(tmp_path / "published.onnx", blob[None])[0][0]
        np.testing.assert_allclose(row, expected / np.linalg.norm(expected), atol=1e-5)


def test_the_adapted_embedder_has_one_input_and_no_prelu(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    adapt_embedder(tmp_path / "published.onnx", tmp_path / "adapted.onnx")
    graph = onnx.load(str(tmp_path / "adapted.onnx")).graph
    assert [each.name for each in graph.input] == ["data"]
    assert "PRelu" not in {node.op_type for node in graph.node}
    used = {name for node in graph.node for name in node.input}
    assert {each.name for each in graph.initializer} <= used


def test_the_adapted_detector_takes_every_multiple_of_32(tmp_path: Path) -> None:
    save_detector(tmp_path / "published.onnx")
    adapt_detector(tmp_path / "published.onnx", tmp_path / "adapted.onnx")
    for height, width in ((64, 64), (32, 32), (96, 160)):
        answers = _run(tmp_path / "adapted.onnx", _noise(1, 3, height, width))
        assert answers[0].shape == (1, height * width // 64, 1)


def test_the_same_file_comes_out_to_the_bit_each_time(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    for name in "ab":
        adapt_embedder(tmp_path / "published.onnx", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
