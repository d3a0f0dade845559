"""The changes that adaptation by training makes in an embedder's graph, and the file of them.

Every change is a number that is added to an existing weight. ``with_light`` and ``with_head`` first
add what an embedder may lack: light normalisation before the first layer, and a residual linear
layer after the last, whose weights begin as zeros. A file of changes then holds the addend of each
weight that it names:

- ``NAME``: one number for each of the weight's, in half precision;
- ``NAME@left`` (n, r) and ``NAME@right`` (r, m): a product of low rank (Hu et al., LoRA,
  arXiv:2106.09685) for the (n, m) numbers of a large weight;
- ``light``: the level of the light normalisation.

The result is the same to the bit on every machine: it is sums and products of single numbers in a
fixed order, and uses no library's matrix product.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from app.errors import BundleError

LIGHT: Final = "light"
HEAD: Final = "head"
LEFT, RIGHT = "@left", "@right"
_BRIGHTEST: Final = 20.0

Changes = Mapping[str, NDArray[np.floating[Any]]]


def read_changes(file: Path) -> Changes:
    """The changes in ``file``; ``BundleError`` where it holds none."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError) as error:
        raise BundleError(f"{file} holds no adaptation: {error}") from None


def write_changes(file: Path, changes: Changes) -> None:
    """Write ``changes`` in half precision, but for the level of light. Equal changes give equal
    bytes.
    """
    kept = {
        name: value.astype(np.float32 if name == LIGHT else np.float16)
        for name, value in sorted(changes.items())
    }
    np.savez(file, **kept)  # type: ignore[arg-type]


def apply_changes(model: ModelProto, changes: Changes) -> None:
    """Apply ``changes`` to ``model`` in place."""
    if LIGHT in changes:
        with_light(model, level=float(changes[LIGHT][0]))
    with_head(model)
    weights = {weight.name: weight for weight in model.graph.initializer}
    for name in sorted({key.partition("@")[0] for key in changes} - {LIGHT}):
        if name not in weights:
            raise BundleError(f"The adaptation changes {name!r}, which the graph does not have.")
        before = numpy_helper.to_array(weights[name])
        after = before.astype(np.float64) + _added(name, changes, before.shape)
        weights[name].CopyFrom(numpy_helper.from_array(after.astype(before.dtype), name))


def _added(name: str, changes: Changes, shape: tuple[int, ...]) -> NDArray[np.float64]:
    added = np.zeros(shape)
    if name in changes:
        added += changes[name].astype(np.float64)
    if name + LEFT in changes:
        left, right = (changes[name + side].astype(np.float64) for side in (LEFT, RIGHT))
        for rank in range(left.shape[1]):
            added += (left[:, rank, None] * right[None, rank]).reshape(shape)
    return added


def with_light(model: ModelProto, *, level: float) -> None:
    """Brighten dark images before the first layer, and smooth the noise that this amplifies.

    With m the mean and s the deviation of all numbers of an image, g = level / (m + 2 s) between 1
    and 20 brightens it. An image is smoothed (a 3 x 3 mean, twice) by the share (g - 1) / 2, at
    most 1: the darker it was, the more of what brightening shows is the sensor's noise. Where m + 2
    s reaches ``level``, g = 1 and not one bit changes. The input is RGB of 0 to 255.
    """
    graph, given = model.graph, model.graph.input[0].name
    if "light_level" in {weight.name for weight in graph.initializer}:
        raise BundleError("The embedder normalises the light already.")
    channels = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    constants = {
        "light_each": np.full((1, channels, 1, 1), 1 / channels),
        "light_level": level,
        "light_deviations": 2.0,
        "light_none": 1.0,
        "light_brightest": _BRIGHTEST,
        "light_half": 0.5,
    }
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == given:
                node.input[i] = "light_out"
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in constants.items()
    )
    nodes = [*_light_nodes(given), *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _light_nodes(given: str) -> list[NodeProto]:
    smooth: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1]}
    steps: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("GlobalAveragePool", [given], "light_means", {}),
        ("Conv", ["light_means", "light_each"], "light_mean", {}),
        ("Sub", [given, "light_mean"], "light_centred", {}),
        ("Mul", ["light_centred", "light_centred"], "light_squares", {}),
        ("GlobalAveragePool", ["light_squares"], "light_variances", {}),
        ("Conv", ["light_variances", "light_each"], "light_variance", {}),
        ("Sqrt", ["light_variance"], "light_deviation", {}),
        ("Mul", ["light_deviation", "light_deviations"], "light_above", {}),
        ("Add", ["light_mean", "light_above"], "light_bright", {}),
        ("Div", ["light_level", "light_bright"], "light_wanted", {}),
        ("Min", ["light_wanted", "light_brightest"], "light_bounded", {}),
        ("Max", ["light_bounded", "light_none"], "light_gain", {}),
        ("Sub", ["light_gain", "light_none"], "light_more", {}),
        ("Mul", ["light_more", "light_half"], "light_share", {}),
        ("Min", ["light_share", "light_none"], "light_smoothed", {}),
        ("AveragePool", [given], "light_once", smooth),
        ("AveragePool", ["light_once"], "light_twice", smooth),
        ("Sub", ["light_twice", given], "light_rough", {}),
        ("Mul", ["light_rough", "light_smoothed"], "light_taken", {}),
        ("Add", [given, "light_taken"], "light_smooth", {}),
        ("Mul", ["light_smooth", "light_gain"], "light_out", {}),
    ]
    return [
        helper.make_node(kind, inputs, [output], name=output, **attributes)
        for kind, inputs, output, attributes in steps
    ]


def with_head(model: ModelProto) -> None:
    """Add a head: rows z become z + z H before they get unit length; H (d, d) begins as zeros.

    An existing head is left as it is, to be changed.
    """
    graph = model.graph
    if HEAD in {weight.name for weight in graph.initializer}:
        return
    last = next((n for n in graph.node if n.op_type == "LpNormalization"), None)
    if last is None:
        raise BundleError("The embedder does not end in LpNormalization: no head can be put there.")
    rows, dimension = last.input[0], graph.output[0].type.tensor_type.shape.dim[1].dim_value
    graph.initializer.append(
        numpy_helper.from_array(np.zeros((dimension, dimension), np.float32), HEAD)
    )
    nodes = list(graph.node)
    place = nodes.index(last)
    last.input[0] = "head_out"
    nodes[place:place] = [
        helper.make_node("MatMul", [rows, HEAD], ["head_turned"], name="head_turned"),
        helper.make_node("Add", [rows, "head_turned"], ["head_out"], name="head_out"),
    ]
    del graph.node[:]
    graph.node.extend(nodes)


def save_model(model: ModelProto, target: Path) -> None:
    """Check ``model`` and write it; equal models are equal bytes."""
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString(deterministic=True))
