"""An ONNX embedder as a torch module: the graph is read node by node, its weights may learn.

A table of the operators that face embedders are made of takes the place of a converter (see
docs/decisions/0003). Batch normalisation keeps its statistics: it is a scale and a shift, as in the
file. What learns is what is *added* to a weight, so that weight decay pulls towards the published
model, and what is exported is small (:mod:`app.bundles.adaptation`).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from app.bundles.adaptation import (
    HEAD,
    LEFT,
    LIGHT,
    RIGHT,
    apply_changes,
    save_model,
    with_head,
    with_light,
)
from app.errors import BundleError
from training.errors import TrainingError

Learn = Literal["head", "small", "whole"]
Attributes = dict[str, Any]
Operator = Callable[[list[Tensor], Attributes], Tensor]
# Weights of convolutions over all channels up to this many numbers learn as they are.
_FEW = 2048


class GraphEmbedder(nn.Module):
    """(B, C, H, W) blob -> (B, d) rows of unit length, as ``file`` computes them.

    ``learn`` says which weights: ``head``, a residual linear layer behind a frozen graph;
    ``small``, also each scale, shift and slope, each depthwise filter and, as a product of
    ``rank``, each other convolution; ``whole``, every weight. ``light`` is the level of the light
    normalisation in front, 0 for none.
    """

    def __init__(self, file: Path, *, learn: Learn, rank: int, light: float) -> None:
        super().__init__()
        model = _opened(file, light=light)
        self.file, self.light = file, light
        self._nodes = [(n.op_type, list(n.input), list(n.output), _attributes(n))
                       for n in model.graph.node]  # fmt: skip
        self._over = _last_uses(model)
        self._given, self._wanted = model.graph.input[0].name, model.graph.output[0].name
        # torch's names may hold no dot, and ONNX's do: each weight goes by its place.
        self._places = {w.name: f"w{i}" for i, w in enumerate(model.graph.initializer)}
        for weight in model.graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(weight).copy())
            self.register_buffer(self._places[weight.name], value, persistent=False)
        self.added, self.left, self.right = (nn.ParameterDict() for _ in range(3))
        for name, how in learned(model, learn=learn).items():
            place = self._places[name]
            shape = self.get_buffer(place).shape
            if how == "low rank":
                rows, columns = shape[0], shape[1:].numel()
                self.left[place] = nn.Parameter(torch.zeros(rows, rank))
                self.right[place] = nn.Parameter(torch.randn(rank, columns) / columns**0.5)
            else:
                self.added[place] = nn.Parameter(torch.zeros(shape))

    def weight(self, name: str) -> Tensor:
        """The weight ``name`` with what was learned added to it."""
        place = self._places[name]
        value = self.get_buffer(place)
        if place in self.added:
            value = value + self.added[place]
        if place in self.left:
            value = value + (self.left[place] @ self.right[place]).view_as(value)
        return value

    def forward(self, blob: Tensor) -> Tensor:
        """Run the graph."""
        values = {self._given: blob}
        for (kind, inputs, outputs, attributes), over in zip(self._nodes, self._over, strict=True):
            taken = [values[x] if x in values else self.weight(x) for x in inputs if x]
            values[outputs[0]] = OPERATORS[kind](taken, attributes)
            for name in over & values.keys():
                del values[name]
        return values[self._wanted]

    def changes(self) -> dict[str, NDArray[np.float32]]:
        """The learned changes, as :mod:`app.bundles.adaptation` writes it."""
        found = {LIGHT: np.array([self.light], np.float32)} if self.light else {}
        names = {place: name for name, place in self._places.items()}
        for part, side in ((self.added, ""), (self.left, LEFT), (self.right, RIGHT)):
            found |= {names[at] + side: p.detach().float().cpu().numpy() for at, p in part.items()}
        return found

    def write(self, target: Path) -> None:
        """The graph of ``file`` with what was learned in it, as one ONNX file."""
        model = onnx.load(str(self.file))
        apply_changes(model, self.changes())
        save_model(model, target)

    @torch.no_grad()
    def round_as_written(self) -> None:
        """Round what was learned as the file of changes does, so that both compute the same."""
        for parameter in self.parameters():
            parameter.copy_(parameter.half())


def _opened(file: Path, *, light: float) -> ModelProto:
    try:
        model = onnx.load(str(file))
        if light:
            with_light(model, level=light)
        with_head(model)
    except (OSError, BundleError, onnx.checker.ValidationError) as error:
        raise TrainingError(f"{file} cannot be adapted: {error}") from None
    unknown = sorted({node.op_type for node in model.graph.node} - set(OPERATORS))
    if unknown:
        raise TrainingError(
            f"{file} cannot be adapted: it uses the operator {unknown[0]}, and known are "
            f"{', '.join(sorted(OPERATORS))}."
        )
    return model


def _last_uses(model: ModelProto) -> list[set[str]]:
    """For each node what no node after it takes: a batch would not fit if all were kept."""
    later: set[str] = set()
    over = []
    for node in reversed(model.graph.node):
        over.append(set(node.input) - later)
        later |= set(node.input)
    return over[::-1]


def learned(model: ModelProto, *, learn: Learn) -> dict[str, Literal["all", "low rank"]]:
    """Which weights learn, and whether each number by itself or a product of low rank.

    A weight that several nodes share, or that is a batch's mean or variance, stays as it is.
    """
    if learn == "head":
        return {HEAD: "all"}
    uses = Counter(name for node in model.graph.node for name in node.input)
    sizes = {w.name: int(np.prod(w.dims)) for w in model.graph.initializer
             if w.data_type == onnx.TensorProto.FLOAT and w.dims}  # fmt: skip
    found: dict[str, Literal["all", "low rank"]] = {}
    for node, name in _weights(model):
        if uses[name] > 1 or name not in sizes or name.startswith(f"{LIGHT}_"):
            continue
        dense = node.op_type in ("Conv", "Gemm", "MatMul") and not _depthwise(node)
        if learn == "whole" or not dense or name == HEAD or sizes[name] <= _FEW:
            found[name] = "all"
        elif node.op_type == "Conv":
            found[name] = "low rank"
    return found


def _weights(model: ModelProto) -> Iterator[tuple[NodeProto, str]]:
    """Each node that has weights which may learn, and their names."""
    places = {"BatchNormalization": (1, 2), "PRelu": (1,), "MatMul": (1,), "Conv": (1, 2),
              "Gemm": (1, 2)}  # fmt: skip
    for node in model.graph.node:
        for place in places.get(node.op_type, ()):
            if place < len(node.input):
                yield node, node.input[place]


def _depthwise(node: NodeProto) -> bool:
    return int(_attributes(node).get("group", 1)) > 1


def _attributes(node: NodeProto) -> Attributes:
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def _conv(taken: list[Tensor], attributes: Attributes) -> Tensor:
    x, weight, *bias = taken
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if (top, left) != (bottom, right):
        x, top, left = functional.pad(x, (left, right, top, bottom)), 0, 0
    strides, groups = attributes.get("strides", (1, 1)), attributes.get("group", 1)
    # The backward of a strided depthwise convolution in bfloat16 takes torch's CPU 7 to 18 times
    # as long as in float32 (64 to 512 channels, one core).
    slow = groups > 1 and max(strides) > 1 and x.device.type == "cpu"
    mixed = torch.is_autocast_enabled(x.device.type) and not slow
    with torch.autocast(x.device.type, enabled=mixed):
        out: Tensor = functional.conv2d(
            x.float() if slow else x, weight, bias[0] if bias else None,
            stride=tuple(strides), padding=(top, left),
            dilation=tuple(attributes.get("dilations", (1, 1))), groups=groups,
        )  # fmt: skip
    return out


def _batch_norm(taken: list[Tensor], attributes: Attributes) -> Tensor:
    x, scale, shift, mean, variance = taken
    eps = attributes.get("epsilon", 1e-5)
    return functional.batch_norm(x, mean, variance, scale, shift, training=False, eps=eps)


def _gemm(taken: list[Tensor], attributes: Attributes) -> Tensor:
    a = taken[0].T if attributes.get("transA") else taken[0]
    b = taken[1].T if attributes.get("transB") else taken[1]
    product: Tensor = attributes.get("alpha", 1.0) * _product([a, b], {})
    return product + attributes.get("beta", 1.0) * taken[2] if len(taken) > 2 else product


def _product(taken: list[Tensor], _: Attributes) -> Tensor:
    """Mixed precision ends here: the rest is small and decides the angle."""
    return (taken[0] @ taken[1]).float()


def _average_pool(taken: list[Tensor], attributes: Attributes) -> Tensor:
    pads = attributes.get("pads", (0, 0, 0, 0))
    return functional.avg_pool2d(
        taken[0], tuple(attributes["kernel_shape"]), tuple(attributes.get("strides", (1, 1))),
        tuple(pads[:2]), count_include_pad=bool(attributes.get("count_include_pad", 0)),
    )  # fmt: skip


OPERATORS: dict[str, Operator] = {
    "Add": lambda x, _: x[0] + x[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "Div": lambda x, _: x[0] / x[1],
    "Dropout": lambda x, _: x[0],
    "Flatten": lambda x, a: x[0].contiguous().flatten(a.get("axis", 1)),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x, _: x[0].mean(dim=(2, 3), keepdim=True),
    "LpNormalization": lambda x, a: functional.normalize(x[0], p=a.get("p", 2), dim=a["axis"]),
    "MatMul": _product,
    "Max": lambda x, _: torch.maximum(x[0], x[1]),
    "Min": lambda x, _: torch.minimum(x[0], x[1]),
    "Mul": lambda x, _: x[0] * x[1],
    "PRelu": lambda x, _: functional.prelu(x[0], x[1].flatten()),
    "Relu": lambda x, _: functional.relu(x[0]),
    "Sqrt": lambda x, _: x[0].sqrt(),
    "Sub": lambda x, _: x[0] - x[1],
}
