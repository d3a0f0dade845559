"""Adaptation: torch reads the graph that onnxruntime runs, before it learned and after."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from app.bundles.adaptation import HEAD
from app.bundles.bundle import Bundle
from app.inference.session import open_session
from tests.support.fake_bundle import write_fake_bundle
from tests.training.conftest import Command
from training.backbones.graph import GraphEmbedder, Learn, learned
from training.config import DataConfig, ModelConfig, RunConfig, SamplerConfig, TrainConfig
from training.datasets.base import number_of, split_by_name
from training.errors import TrainingError
from training.evaluate.embedding import embed
from training.evaluate.suite import measure
from training.finish import export_run
from training.loss_tables import Supervised
from training.losses.gallery import gallery_contrastive
from training.prepare import build_model, material, prepare
from training.run import open_run
from training.train import train

Rows = NDArray[np.float32]


def save_network(file: Path, *, unknown: str = "Relu") -> Path:
    """With each operator that a face embedder has, and dots in its names."""
    rng = np.random.default_rng(1)
    shapes = {
        "first.weight": (8, 3, 3, 3), "gamma": (8,), "beta": (8,), "mean": (8,), "slope": (8, 1, 1),
        "depthwise": (8, 1, 3, 3), "bias": (8,), "pointwise": (400, 8, 1, 1), "gemm": (6, 14400),
        "row": (6,), "scalar": (1,), "matrix": (6, 6),
    }  # fmt: skip
    weights = {name: rng.normal(0, 0.2, shape) for name, shape in shapes.items()}
    weights["variance"] = rng.uniform(0.5, 2, 8)
    nodes = [
        helper.make_node("Sub", ["data", "scalar"], ["centred"]),
        helper.make_node("Mul", ["centred", "scalar"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "first.weight"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node(
            "BatchNormalization", ["c1", "gamma", "beta", "mean", "variance"], ["b1"], epsilon=1e-3
        ),
        helper.make_node("PRelu", ["b1", "slope"], ["p1"]),
        helper.make_node(
            "Conv", ["p1", "depthwise", "bias"], ["c2"], group=8, strides=[2, 2], pads=[0, 0, 1, 1]
        ),
        helper.make_node(unknown, ["c2"], ["r2"]),
        helper.make_node("Conv", ["r2", "pointwise"], ["c3"]),
        helper.make_node("Dropout", ["c3"], ["d3"], ratio=0.4),
        helper.make_node("Flatten", ["d3"], ["flat"]),
        helper.make_node("Gemm", ["flat", "gemm", "row"], ["g"], transB=1),
        helper.make_node("MatMul", ["g", "matrix"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["embedding"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["batch", 3, 12, 12])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 6])],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 8
    onnx.save(model, str(file))
    return file


def run(file: Path, blob: Rows) -> Rows:
    session = open_session(file)
    rows: Rows = session.run(None, {session.get_inputs()[0].name: blob})[0]
    return rows


def pixels(*shape: int) -> Rows:
    brightest = np.random.default_rng(6).uniform(20, 255, (shape[0], 1, 1, 1))
    return (np.random.default_rng(5).uniform(0, 1, shape) * brightest).astype(np.float32)


def shaken(model: GraphEmbedder) -> GraphEmbedder:
    """The model with changed weights, as if it had learned and been written."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    model.round_as_written()
    return model


@pytest.mark.parametrize("learn", ["head", "small", "whole"])
@pytest.mark.parametrize("light", [0.0, 150.0])
def test_torch_and_onnxruntime_agree_before_and_after_learning(
    tmp_path: Path, learn: Learn, light: float
) -> None:
    file, blob = save_network(tmp_path / "network.onnx"), pixels(5, 3, 12, 12)
    model = GraphEmbedder(file, learn=learn, rank=2, light=light)
    with torch.no_grad():
        fresh = model(torch.from_numpy(blob)).numpy()
        if not light:
            assert np.abs(fresh - run(file, blob)).max() <= 1e-4
        after = shaken(model)(torch.from_numpy(blob)).numpy()
    model.write(tmp_path / "adapted.onnx")
    assert np.abs(after - run(tmp_path / "adapted.onnx", blob)).max() <= 1e-4
    assert np.abs(after - fresh).max() > 1e-3


def test_the_default_embedder_is_read_as_onnxruntime_runs_it(face_bundle: Path) -> None:
    file, blob = Bundle.load(face_bundle).embedder, pixels(2, 3, 112, 112)
    model = GraphEmbedder(file, learn="head", rank=1, light=0)
    with torch.no_grad():
        difference = np.abs(model(torch.from_numpy(blob)).numpy() - run(file, blob)).max()
    assert difference <= 1e-4


def test_an_adapted_embedder_can_be_adapted_again_but_not_its_light(tmp_path: Path) -> None:
    file, blob = save_network(tmp_path / "network.onnx"), pixels(5, 3, 12, 12)
    first, again = tmp_path / "first.onnx", tmp_path / "again.onnx"
    shaken(GraphEmbedder(file, learn="small", rank=2, light=150)).write(first)
    model = GraphEmbedder(first, learn="small", rank=2, light=0)
    with torch.no_grad():
        assert np.abs(model(torch.from_numpy(blob)).numpy() - run(first, blob)).max() <= 1e-4
        shaken(model).write(again)
        assert np.abs(model(torch.from_numpy(blob)).numpy() - run(again, blob)).max() <= 1e-4
    assert np.abs(run(again, blob) - run(first, blob)).max() > 1e-3
    with pytest.raises(TrainingError, match="normalises the light already"):
        GraphEmbedder(first, learn="small", rank=2, light=150)


def test_each_way_to_learn_touches_what_it_says_and_no_more(tmp_path: Path) -> None:
    model = onnx.load(str(save_network(tmp_path / "network.onnx")))
    assert learned(model, learn="head") == {HEAD: "all"}
    small = learned(model, learn="small")
    assert small["pointwise"] == "low rank"
    assert small["depthwise"] == small["slope"] == small["first.weight"] == "all"
    assert not set(small) & {"mean", "variance", "scalar", "gemm"}
    whole = learned(model, learn="whole")
    assert set(whole.values()) == {"all"}
    assert set(whole) == set(small) | {"gemm"}


def test_an_operator_that_is_not_known_is_named_in_one_line(tmp_path: Path) -> None:
    file = save_network(tmp_path / "network.onnx", unknown="Erf")
    with pytest.raises(TrainingError, match=r"uses the operator Erf, and known are Add, ") as error:
        GraphEmbedder(file, learn="head", rank=1, light=0)
    assert "\n" not in str(error.value)


def test_a_run_without_its_bundle_is_one_line_on_standard_error(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.toml").write_text(
        f'name = "a"\n[model]\nkind = "adapt"\nbundle = "{tmp_path / "nowhere"}"\n'
    )
    status, _, error = command("train", str(tmp_path / "a.toml"), "--out", str(tmp_path / "out"))
    assert status == 1
    assert "nowhere is no model bundle" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "said"), [({"dimension": 8}, "gives 32 numbers"), ({"light": 9.0}, "0 to 255")]
)
def test_a_bundle_that_does_not_fit_the_run_is_refused(
    tmp_path: Path, change: dict[str, float], said: str
) -> None:
    config = ModelConfig(kind="adapt", dimension=32, bundle=str(write_fake_bundle(tmp_path / "b")))
    with pytest.raises(TrainingError, match=said):
        build_model(replace(config, **change), channels=1)  # type: ignore[arg-type]


def test_a_bundle_learns_and_is_exported_as_one_graph_that_the_service_loads(
    tmp_path: Path,
) -> None:
    config = RunConfig(
        name="adapted",
        data=DataConfig(unseen=("7", "8", "9"), size=32),
        model=ModelConfig(
            kind="adapt", dimension=32, bundle=str(write_fake_bundle(tmp_path / "plain")),
            learn="whole",
        ),
        loss=Supervised(),
        sampler=SamplerConfig(identities=7, images=8, steps=20),
        train=TrainConfig(epochs=3, rate=1e-2, threads=1, device="cpu"),
    )  # fmt: skip
    prepared = prepare(config.data)
    train(config, material(config, prepared), tmp_path / "run")
    learned_run = open_run(tmp_path / "run")
    written, difference = export_run(learned_run, tmp_path / "run")
    bundle = Bundle.load(written)
    assert difference <= 1e-4
    assert [f.name for f in sorted(written.iterdir()) if f.suffix == ".onnx"] == ["embedder.onnx"]
    assert (tmp_path / "run" / "adaptation.npz").stat().st_size < 20_000
    model = learned_run.model
    blob = ((prepared.train.images[:8].transpose(0, 3, 1, 2) - 127.5) / 127.5).astype(np.float32)
    assert np.abs(run(bundle.embedder, blob) - embed(model, prepared.train.images[:8])).max() < 1e-4
    plain = build_model(config.model, channels=1)
    before, after = (
        measure(embed(each, prepared.train.images), prepared.train)[0] for each in (plain, model)
    )
    assert after.eer < 0.7 * before.eer


def test_the_gallery_loss_is_that_of_a_slow_reading_and_its_gradient_too() -> None:
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    gallery = torch.nn.functional.normalize(torch.randn(7, 4, generator=generator).double(), dim=1)
    labels, owners = torch.tensor([0, 1, 1, -1, 9]), torch.tensor([0, 0, 1, 2, 2, 1, 3])

    def loss(rows: torch.Tensor) -> torch.Tensor:
        return gallery_contrastive(rows, labels, gallery, owners, temperature=0.2)

    total, count = 0.0, 0
    for row, label in zip(z.detach(), labels.tolist(), strict=True):
        exps = [float(torch.exp(row @ g / row.norm() / 0.2)) for g in gallery]
        own = [e for e, owner in zip(exps, owners.tolist(), strict=True) if owner == label]
        if own:
            total -= sum(float(np.log(e / sum(exps))) for e in own) / len(own)
            count += 1
    assert count == 3
    assert float(loss(z.detach())) == pytest.approx(total / count)
    assert torch.autograd.gradcheck(loss, (z,), atol=1e-4)


def test_an_identitys_side_follows_from_its_name_alone() -> None:
    people = tuple(f"person {i}" for i in range(400))
    split, fewer = (split_by_name(some, unseen=0.25) for some in (people, people[::3]))
    assert set(fewer.train) == set(split.train) & set(people[::3])
    assert set(fewer.unseen) == set(split.unseen) & set(people[::3])
    assert set(split.train) | set(split.unseen) == set(people)
    assert len(split.unseen) == pytest.approx(100, abs=35)
    assert all(number_of(person) < 0.25 for person in split.unseen)
    with pytest.raises(TrainingError, match="cannot be split by name"):
        split_by_name(people, unseen=1.0)
