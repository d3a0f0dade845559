"""Changes the graphs of the two published models into those of a ``face`` bundle.

The detector's weights stay the same to the bit; its height and width become free. The embedder gets
a free batch size, no initialiser among its inputs, rows of unit length, and PRelu in another form.
onnxruntime has no blocked kernel for PRelu and reorders memory around each one, which takes half of
SFace's time (36.4 ms a face before, 17.4 ms after, cosine 1.0 to the original; one core, one run).
The changes that training found, where the recipe has any, are added to the embedder's weights.
"""

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from app.bundles.adaptation import apply_changes, read_changes, save_model

RECIPES: Final = Path(__file__).parent / "recipes"
"""The folder of recipes: one sub-folder for each bundle that ``kith models pull`` can make."""

PLAIN: Final = RECIPES / "sface"
"""SFace as published: the default of new installations."""

CAMERAS: Final = RECIPES / "face"
"""SFace adapted to poor cameras: a choice."""


def adapt_detector(source: Path, target: Path) -> None:
    """YuNet with free height and width (multiples of 32)."""
    model = onnx.load(str(source))
    height, width = model.graph.input[0].type.tensor_type.shape.dim[2:]
    height.dim_param, width.dim_param = "height", "width"
    for output in model.graph.output:
        stride = output.name.rsplit("_", 1)[1]
        output.type.tensor_type.shape.dim[1].dim_param = f"cells_{stride}"
    save_model(model, target)


def adapt_embedder(source: Path, target: Path, *, changes: Path | None = None) -> None:
    """SFace with a free batch and unit rows, without PRelu, and with ``changes`` in its weights."""
    model = onnx.load(str(source))
    graph = model.graph
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
    graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    nodes = [new for node in graph.node for new in _without_prelu(model, node)]
    nodes.append(helper.make_node("LpNormalization", ["fc1"], ["embedding"], axis=1, p=2))
    del graph.node[:]
    graph.node.extend(nodes)
    dimension = graph.output[0].type.tensor_type.shape.dim[1].dim_value
    del graph.output[:]
    graph.output.append(
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", dimension])
    )
    _drop_unused_weights(model)
    if changes is not None:
        apply_changes(model, read_changes(changes))
    save_model(model, target)


def _without_prelu(model: ModelProto, node: NodeProto) -> list[NodeProto]:
    """PRelu(x) = slope x + (1 - slope) relu(x), the products as batch normalisations."""
    if node.op_type != "PRelu":
        return [node]
    x, slope_name = node.input
    y = node.output[0]
    slope = next(w for w in model.graph.initializer if w.name == slope_name)
    slopes = numpy_helper.to_array(slope).reshape(-1)
    constants = {
        "slope": slopes,
        "rest": 1 - slopes,
        "zero": np.zeros_like(slopes),
        "one": np.ones_like(slopes),
    }
    model.graph.initializer.extend(
        numpy_helper.from_array(value.astype(np.float32), f"{y}_{name}")
        for name, value in constants.items()
    )
    zero, one = f"{y}_zero", f"{y}_one"
    scale = "BatchNormalization"
    return [
        helper.make_node("Relu", [x], [f"{y}_positive"]),
        helper.make_node(
            scale, [f"{y}_positive", f"{y}_rest", zero, zero, one], [f"{y}_bent"], epsilon=0.0
        ),
        helper.make_node(scale, [x, f"{y}_slope", zero, zero, one], [f"{y}_straight"], epsilon=0.0),
        helper.make_node("Add", [f"{y}_bent", f"{y}_straight"], [y]),
    ]


def _drop_unused_weights(model: ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [each for each in model.graph.initializer if each.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
