"""A real bundle of a few kilobytes: the whole image is the sample, its small grey version projected
to 32 numbers is its embedding. Like pictures embed alike and unlike ones apart, in microseconds.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from app.bundles.contract import EMBEDDER, Contract
from app.bundles.manifest import CALIBRATION, MANIFEST, MODEL_CARD
from app.bundles.writing import ModelFile, write_bundle

SIDE, DIMENSION = 32, 32


def contract_named(contract_id: str, dimension: int = DIMENSION) -> Contract:
    """A contract of this id, for what asks for no crop."""
    return Contract(contract_id, dimension, "crop")


def write_fake_bundle(
    folder: Path, *, seed: int = 0, dimension: int = DIMENSION, resize: str = "stretch"
) -> Path:
    """Write the bundle into ``folder``; another ``seed`` is another contract, and another
    ``resize`` makes other crops.
    """
    model = folder.parent / f".{folder.name}.onnx"
    model.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(_graph(seed, dimension), str(model))
    description = {
        "name": "fake",
        "version": "1",
        "licence": "none",
        "dimension": dimension,
        "preprocessing": {
            "size": [SIDE, SIDE],
            "channels": "L",
            "mean": [127.5],
            "scale": [1 / 127.5],
            "resize": resize,
        },
        "alignment": None,
        "detector": None,
    }
    write_bundle(
        folder,
        description,
        models={EMBEDDER: ModelFile(model, "none")},
        calibration=fake_calibration(),
        model_card="# fake\n",
    )
    model.unlink()
    return folder


def as_earlier_releases(folder: Path) -> Path:
    """The bundle in ``folder`` with a manifest that lists its models alone."""
    file = folder / MANIFEST
    manifest = json.loads(file.read_text(encoding="utf-8"))
    for name in (CALIBRATION, MODEL_CARD):
        del manifest["files"][name]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def fake_calibration() -> dict[str, Any]:
    """FMR falls from 1 at -1 to 1e-8 at 1; 1e-6 at 0.9, so that noise alone is never named."""
    return {
        "format": 2,
        "ambiguity_margin": 0.01,
        "evidence": {"data": "made up"},
        "moments": {"mean": 0.0, "deviation": 0.25, "coherence": 1.0},
        "shape": {
            "supported_fmr": 1e-5,
            "deviations": [-4.0, 0.0, 2.0, 3.6, 4.0],
            "log_fmr": np.log([1.0, 0.5, 1e-2, 1e-6, 1e-8]).tolist(),
            "log_spread": [0.25, 0.25, 0.25, 0.25, 0.25],
        },
    }


def _graph(seed: int, dimension: int) -> onnx.ModelProto:
    """Average to 8 x 8, project, normalise."""
    rng = np.random.default_rng(seed)
    projection = rng.normal(size=(64, dimension)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["image"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Flatten", ["small"], ["flat"]),
        helper.make_node("MatMul", ["flat", "projection"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["embedding"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "fake",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", dimension])],
        [numpy_helper.from_array(projection, "projection")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
