"""The changes that training makes to a graph's weights, and the correction of light in front of it,
against slow twins."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from app.bundles.adaptation import (
    HEAD,
    LEFT,
    LIGHT,
    RIGHT,
    apply_changes,
    read_changes,
    save_model,
    with_light,
    write_changes,
)
from app.bundles.recipe import adapt_embedder
from app.errors import BundleError
from app.inference.session import open_session
from tests.unit.bundles.publisher import save_embedder

Blob = NDArray[np.float32]
LEVEL = 150.0


def _light(file: Path) -> Path:
    """A graph of light alone: what the first layer is given."""
    given = helper.make_tensor_value_info("data", TensorProto.FLOAT, ["batch", 3, 12, 10])
    out = helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["batch", 3, 12, 10])
    node = helper.make_node("Identity", ["data"], ["seen"])
    model = helper.make_model(
        helper.make_graph([node], "light", [given], [out]),
        opset_imports=[helper.make_opsetid("", 11)],
    )
    model.ir_version = 8
    with_light(model, level=LEVEL)
    save_model(model, file)
    return file


def _slow_light(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """One image (3, H, W), pixel by pixel."""
    bright = image.mean() + 2 * image.std()
    gain = min(max(LEVEL / bright if bright else np.inf, 1.0), 20.0)
    share = min((gain - 1) / 2, 1.0)

    def averaged(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.zeros_like(plane)
        for y in range(plane.shape[0]):
            for x in range(plane.shape[1]):
                out[y, x] = plane[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean()
        return out

    smooth = np.stack([averaged(averaged(plane)) for plane in image])
    return (image + share * (smooth - image)) * gain


def test_dark_images_are_brightened_and_smoothed_as_a_slow_twin_does(tmp_path: Path) -> None:
    session = open_session(_light(tmp_path / "light.onnx"))
    rng = np.random.default_rng(4)
    for brightest in (120, 60, 20, 4, 0):
        image = rng.integers(0, brightest + 1, (3, 12, 10)).astype(np.float32)
        seen = session.run(None, {"data": image[None]})[0][0]
        np.testing.assert_allclose(seen, _slow_light(image.astype(np.float64)), atol=1e-3)


def test_normal_light_passes_to_the_bit(tmp_path: Path) -> None:
    session = open_session(_light(tmp_path / "light.onnx"))
    image = np.random.default_rng(4).integers(0, 256, (2, 3, 12, 10)).astype(np.float32)
    assert (session.run(None, {"data": image})[0] == image).all()


def test_each_image_of_a_batch_has_its_own_light(tmp_path: Path) -> None:
    session = open_session(_light(tmp_path / "light.onnx"))
    images = np.random.default_rng(4).integers(0, 200, (3, 3, 12, 10)).astype(np.float32)
    images *= np.array([1, 0.3, 0.1], np.float32)[:, None, None, None]
    together = session.run(None, {"data": images})[0]
    alone = np.concatenate([session.run(None, {"data": x[None]})[0] for x in images])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-4)


def _changes(rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    made = {
        LIGHT: np.array([LEVEL]),
        HEAD: rng.normal(0, 0.02, (128, 128)),
        "kernel" + LEFT: rng.normal(0, 0.05, (16, 2)),
        "kernel" + RIGHT: rng.normal(0, 0.05, (2, 3 * 16 * 16)),
        "bent_slope": rng.normal(0, 0.1, 16),
    }
    return {name: value.astype(np.float32) for name, value in made.items()}


def test_changes_are_added_to_the_weights_that_they_name(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    changes = _changes(np.random.default_rng(2))
    write_changes(tmp_path / "changes.npz", changes)
    plain, adapted = tmp_path / "plain.onnx", tmp_path / "adapted.onnx"
    adapt_embedder(tmp_path / "published.onnx", plain)
    adapt_embedder(tmp_path / "published.onnx", adapted, changes=tmp_path / "changes.npz")
    before, after = _weights(plain), _weights(adapted)
    half = {name: value.astype(np.float16).astype(np.float64) for name, value in changes.items()}
    product = (half["kernel@left"] @ half["kernel@right"]).reshape(16, 3, 16, 16)
    np.testing.assert_allclose(after["kernel"], before["kernel"] + product, atol=1e-6)
    np.testing.assert_allclose(after["bent_slope"], before["bent_slope"] + half["bent_slope"])
    np.testing.assert_allclose(after[HEAD], half[HEAD], atol=1e-7)
    for name in ("matrix", "bent_rest"):
        assert (after[name] == before[name]).all()


def _weights(file: Path) -> dict[str, NDArray[np.float32]]:
    graph = onnx.load(str(file)).graph
    return {w.name: numpy_helper.to_array(w) for w in graph.initializer}


def test_the_same_changes_make_the_same_bytes(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    for name in "ab":
        write_changes(tmp_path / f"{name}.npz", _changes(np.random.default_rng(2)))
        adapt_embedder(
            tmp_path / "published.onnx", tmp_path / name, changes=tmp_path / f"{name}.npz"
        )
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_changes_change_no_answer(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    adapt_embedder(tmp_path / "published.onnx", tmp_path / "plain.onnx")
    model = onnx.load(str(tmp_path / "plain.onnx"))
    apply_changes(model, {})
    save_model(model, tmp_path / "same.onnx")
    blob = np.random.default_rng(3).uniform(0, 255, (2, 3, 112, 112)).astype(np.float32)
    plain, same = (
        open_session(tmp_path / f"{name}.onnx").run(None, {"data": blob})[0]
        for name in ("plain", "same")
    )
    np.testing.assert_allclose(same, plain, atol=1e-6)


def test_a_change_of_a_weight_that_is_not_there_is_refused(tmp_path: Path) -> None:
    save_embedder(tmp_path / "published.onnx")
    write_changes(tmp_path / "changes.npz", {"nobody": np.zeros(3, np.float32)})
    with pytest.raises(BundleError, match="changes 'nobody', which the graph does not have"):
        adapt_embedder(
            tmp_path / "published.onnx", tmp_path / "out", changes=tmp_path / "changes.npz"
        )
    assert not (tmp_path / "out").exists()


def test_a_file_that_holds_no_changes_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "changes.npz").write_bytes(b"half")
    with pytest.raises(BundleError, match="holds no adaptation"):
        read_changes(tmp_path / "changes.npz")
