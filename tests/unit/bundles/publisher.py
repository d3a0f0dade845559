"""A small world to pull from: two tiny models, a recipe for them, a web server, a wheel."""

import hashlib
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from app.bundles.recipe import adapt_detector, adapt_embedder
from tests.support.fake_bundle import fake_calibration

STRIDES = (8, 16, 32)
DETECTOR_FILE, EMBEDDER_FILE = "tiny_detector.onnx", "tiny_embedder.onnx"


def save_detector(file: Path) -> None:
    """With YuNet's names and shapes, a fixed size, and a score of nothing everywhere."""
    nodes, outputs = [], []
    for stride in STRIDES:
        nodes.append(
            helper.make_node(
                "AveragePool",
                ["input"],
                [f"pooled_{stride}"],
                kernel_shape=[stride, stride],
                strides=[stride, stride],
            )
        )
        for kind, depth in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            name = f"{kind}_{stride}"
            weight = f"{name}_weight"
            nodes += [
                helper.make_node("Conv", [f"pooled_{stride}", weight], [f"{name}_map"]),
                helper.make_node("Transpose", [f"{name}_map"], [f"{name}_last"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{name}_last", f"{name}_shape"], [name]),
            ]
            cells = (64 // stride) ** 2
            shape: list[str | int | None] = [1, cells, depth]
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    weights = [
        array
        for stride in STRIDES
        for kind, depth in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for array in (
            numpy_helper.from_array(
                np.zeros((depth, 3, 1, 1), np.float32), f"{kind}_{stride}_weight"
            ),
            numpy_helper.from_array(np.array([1, -1, depth]), f"{kind}_{stride}_shape"),
        )
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 64, 64])
    _save(helper.make_graph(nodes, "detector", [given], outputs, weights), file)


def save_embedder(file: Path) -> None:
    """With SFace's names and shapes, PRelu, and initialisers among the inputs."""
    rng = np.random.default_rng(0)
    weights = {
        "kernel": rng.normal(0, 0.01, (16, 3, 16, 16)),
        "slope": rng.uniform(0, 0.5, (16, 1, 1)),
        "matrix": rng.normal(size=(16 * 49, 128)),
    }
    tensors = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()]
    nodes = [
        helper.make_node("Conv", ["data", "kernel"], ["conv"], strides=[16, 16]),
        helper.make_node("PRelu", ["conv", "slope"], ["bent"]),
        helper.make_node("Flatten", ["bent"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["fc1"]),
    ]
    inputs = [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 112, 112])]
    inputs += [helper.make_tensor_value_info(t.name, TensorProto.FLOAT, t.dims) for t in tensors]
    output = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 128])
    _save(helper.make_graph(nodes, "embedder", inputs, [output], tensors), file)


def _save(graph: onnx.GraphProto, file: Path) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


@dataclass
class Publisher:
    """The places of the files: ``folder``, ``url`` (its contents in ``answers``), ``wheel``."""

    folder: Path
    recipe: Path
    wheel: Path
    answers: dict[str, bytes] = field(default_factory=dict)
    """The content for each path; any other path gets 404."""
    missing: int = 0
    """Bytes by which each answer stops short of its Content-Length."""
    drip_seconds: float = 0
    """The time between two bytes of an answer, of which 20 come so; 0: all at once."""
    asked: list[str] = field(default_factory=list)

    def offer(self) -> None:
        """Put both files on the web server."""
        for name in (DETECTOR_FILE, EMBEDDER_FILE):
            self.answers[f"/{name}"] = (self.folder / name).read_bytes()


@contextmanager
def published(root: Path) -> Iterator[Publisher]:
    """A publisher in ``root``, with its web server running."""
    folder, recipe = root / "published", root / "recipe"
    folder.mkdir()
    recipe.mkdir()
    save_detector(folder / DETECTOR_FILE)
    save_embedder(folder / EMBEDDER_FILE)
    world = Publisher(folder, recipe, root / "tiny_models-1.0-py3-none-any.whl")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            world.asked.append(self.path)
            body = world.answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            for byte in range(20 if world.drip_seconds else 0):
                self.wfile.write(body[byte : byte + 1] if body else b"")
                time.sleep(world.drip_seconds)
            if world.drip_seconds:
                return
            self.wfile.write((body or b"")[: len(body or b"") - world.missing])

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        _write_wheel(world)
        _write_recipe(world, f"http://127.0.0.1:{server.server_port}")
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _write_wheel(world: Publisher) -> None:
    info = "tiny_models-1.0.dist-info"
    with zipfile.ZipFile(world.wheel, "w") as wheel:
        for name in (DETECTOR_FILE, EMBEDDER_FILE):
            wheel.write(world.folder / name, f"tiny_models/{name}")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-models\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def _write_recipe(world: Publisher, url: str) -> None:
    made = {}
    for name, adapt, file in (
        ("detector.onnx", adapt_detector, DETECTOR_FILE),
        ("embedder.onnx", adapt_embedder, EMBEDDER_FILE),
    ):
        target = world.recipe / name
        adapt(world.folder / file, target)
        made[name] = hashlib.sha256(target.read_bytes()).hexdigest()
        target.unlink()
    plan: dict[str, Any] = {
        "sources": {
            "detector.onnx": _entry(world.folder / DETECTOR_FILE, url),
            "embedder.onnx": _entry(world.folder / EMBEDDER_FILE, url),
        },
        "wheel": {"requirement": str(world.wheel), "folder": "tiny_models/"},
        "description": {
            "name": "tiny",
            "version": "1",
            "licence": "none",
            "dimension": 128,
            "preprocessing": {"size": [112, 112], "channels": "RGB"},
            "alignment": "arcface-112",
            "detector": {"kind": "yunet", "score_threshold": 0.6, "nms_threshold": 0.3},
        },
        "made": made,
    }
    (world.recipe / "recipe.json").write_text(json.dumps(plan))
    (world.recipe / "calibration.json").write_text(json.dumps(fake_calibration(128)))
    (world.recipe / "MODEL_CARD.md").write_text("# tiny\n")


def _entry(file: Path, url: str) -> dict[str, object]:
    content = file.read_bytes()
    return {
        "file": file.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "none",
        "address": f"{url}/{file.name}",
    }
