"""A real bundle of a few kilobytes: the whole image is the sample, its small grey version projected
to 32 numbers is its embedding. Like pictures embed alike and unlike ones apart, in microseconds.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from app.bundles.contract import EMBEDDER, Contract
from app.bundles.manifest import CALIBRATION, MANIFEST, MODEL_CARD
from app.bundles.writing import ModelFile, use_calibration, write_bundle
from app.decision.calibration import Calibration
from app.decision.calibration_file import to_json
from app.decision.cohort import Cohort
from app.decision.fusion import Vectors
from app.decision.impostor_tail import ImpostorTail

SIDE, DIMENSION = 32, 32
_TAIL: Final = {
    "supported_fmr": 1e-5,
    "z": [-4.0, 0.0, 2.0, 3.0, 4.2],
    "log_fmr": np.log([1.0, 0.5, 2.1e-2, 4e-4, 1e-8]).tolist(),
    "log_spread": [0.25, 0.25, 0.25, 0.25, 0.25],
}
"""The tail of 1,500 random pictures: cosines in 32 dimensions fall faster than a normal
variable."""


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
        calibration=fake_calibration(dimension, seed=seed),
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


def fake_calibration(dimension: int = DIMENSION, *, seed: int = 0) -> dict[str, Any]:
    """A thousand people who are random pictures; FMR falls to 1e-8 at 4.2 deviations."""
    blotches = np.random.default_rng(0).uniform(-1, 1, size=(1000, 64))
    people = Cohort.of(_unit(blotches @ _projection(seed, dimension)))
    return to_json(
        Calibration(
            typical=people.spread,
            tail=ImpostorTail.from_dict(_TAIL),
            mated_similarity=1.0,
            ambiguity_margin=0.01,
            evidence={"data": "made up"},
        )
    )


def with_former_calibration(folder: Path) -> Path:
    """The bundle in ``folder`` with a calibration of the former format, of the same photos."""
    calibration = json.loads((folder / CALIBRATION).read_text(encoding="utf-8"))
    former = former_calibration() | {"evidence": {"data": calibration["evidence"]["data"]}}
    use_calibration(folder, json.dumps(former).encode())
    return folder


def former_calibration() -> dict[str, Any]:
    """A calibration as releases made it before scores were standardised by the gallery's people."""
    return {
        "format": 2,
        "ambiguity_margin": 0.01,
        "evidence": {"data": "made up"},
        "moments": {"mean": 0.0, "deviation": 0.25, "coherence": 1.0},
        "shape": {
            "supported_fmr": _TAIL["supported_fmr"],
            "deviations": _TAIL["z"],
            "log_fmr": _TAIL["log_fmr"],
            "log_spread": _TAIL["log_spread"],
        },
    }


def random_people(persons: int, dimension: int, *, seed: int = 0) -> Vectors:
    """Unit vectors (n, d) of people who lie in any direction."""
    rows = np.random.default_rng(seed).normal(size=(persons, dimension))
    return _unit(rows)


def _unit(rows: NDArray[np.float64]) -> Vectors:
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _projection(seed: int, dimension: int) -> Vectors:
    """The projection by ``seed`` of the 64 numbers of a picture, (64, dimension)."""
    projection: Vectors = (
        np.random.default_rng(seed).normal(size=(64, dimension)).astype(np.float32)
    )
    return projection


def _graph(seed: int, dimension: int) -> onnx.ModelProto:
    """Average to 8 x 8, project, normalise."""
    projection = _projection(seed, dimension)
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
