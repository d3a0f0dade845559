"""A run file is read strictly, and what is wrong with it is one line that says what is right."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from training.config import DataConfig, RunConfig
from training.errors import TrainingError
from training.loss_tables import ArcFace, Contrastive, SphereFace, ThresholdConfig
from training.run_file import load_config, parse

RUNS = sorted((Path(__file__).parents[2] / "training" / "runs").glob("*.toml"))


@pytest.mark.parametrize("path", RUNS, ids=lambda p: p.stem)
def test_a_shipped_run_is_valid_named_as_its_file_and_the_same_after_a_checkpoint(
    path: Path,
) -> None:
    run = load_config(path)
    assert run.name == path.stem
    assert parse(json.loads(json.dumps(run.to_dict())), where="checkpoint") == run
    assert not Path(run.data.path).is_absolute()
    assert ".." not in Path(run.data.path).parts


def test_what_is_not_said_has_its_default_and_each_loss_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "a"\n[train]\nrate = 1\n')
    config = load_config(tmp_path / "a.toml")
    assert config.train.rate == 1.0
    assert config.data == RunConfig(name="a").data
    assert config.loss == Contrastive(margin=1.0)

    def loss(kind: str) -> object:
        return parse({"name": "a", "loss": {"kind": kind}}, where="a").loss

    assert loss("arcface") == ArcFace(margin=0.5)
    assert loss("sphereface") == SphereFace(margin=4)


NAME = "1 to 64 letters"
KINDS = "arcface, contrastive, inverse-distance, margin-on-both, none, softmax, sphereface"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({}, f"a.toml: name is missing; it must be {NAME}"),
    "a name that no bundle can have": ({"name": "a b"}, f"name is 'a b'; it must be {NAME}"),
    "a number for a name": ({"name": 3}, f"name is 3; it must be {NAME}"),
    "an unknown key": ({"colour": 3}, "unknown key 'colour' = 3; known here are augment, data"),
    "a misspelt key": ({"train": {"epoch": 3}}, "train: unknown key 'epoch' = 3; known here are"),
    "and its neighbour": ({"train": {"epoch": 3}}, "Did you mean epochs?"),
    "text for a number": (
        {"train": {"epochs": "3"}},
        "train.epochs is '3'; it must be a whole number from 1 to 1,000,000.",
    ),
    "true for a number": ({"train": {"epochs": True}}, "train.epochs is True; it must be a whole"),
    "no epochs": ({"train": {"epochs": -1}}, "train.epochs is -1; it must be a whole number"),
    "half an epoch": ({"train": {"epochs": 1.5}}, "train.epochs is 1.5; it must be a whole"),
    "no rate": ({"train": {"rate": 0}}, "train.rate is 0; it must be a number above 0 and at most"),
    "nan": ({"train": {"rate": math.nan}}, "train.rate is nan; it must be a number above 0"),
    "inf": ({"model": {"light": math.inf}}, "model.light is inf; it must be a number from 0"),
    "no threads": ({"train": {"threads": 0}}, "train.threads is 0; it must be a whole number"),
    "another device": ({"train": {"device": "tpu"}}, "is 'tpu'; it must be one of auto, cpu, cuda"),
    "a seed below 0": ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
    "a probability": ({"augment": {"flip": 2}}, "augment.flip is 2; it must be a number from 0"),
    "a scale that turns over": ({"augment": {"scale": 1}}, "augment.scale is 1; it must be a"),
    "one name": ({"data": {"unseen": "7"}}, "data.unseen is '7'; it must be a number above 0 and"),
    "or a list": ({"data": {"unseen": "7"}}, "or a list of names, at least one"),
    "numbers for names": ({"data": {"unseen": [7]}}, "data.unseen is [7]; it must be a number"),
    "an empty list": ({"data": {"unseen": []}}, "data.unseen is []; it must be a number above 0"),
    "an empty name": ({"data": {"unseen": [""]}}, "data.unseen is ['']; it must be"),
    "everybody unseen": ({"data": {"unseen": 1.0}}, "data.unseen is 1.0; it must be a number"),
    "five turns": ({"data": {"turns": 5}}, "data.turns is 5; it must be a whole number from 1 to"),
    "no data": ({"data": {"kind": "mnist"}}, "data.path is ''; it must name the mnist data."),
    "no cache": ({"data": {"kind": "faces", "path": "x"}}, "data.cache is ''; it must name"),
    "no table": ({"data": []}, "data is []; it must be a table."),
    "one identity": ({"sampler": {"identities": 1}}, "sampler.identities is 1; it must be a whole"),
    "no bundle": ({"model": {"kind": "adapt"}}, "model.bundle is ''; it must name the bundle"),
    "channels for a factor": (
        {"model": {"kind": "compact"}},
        "model.width is 32; with model.kind compact it must be a number from 0.25 to 16.",
    ),
    "no loss kind": ({"loss": {}}, f"loss.kind is missing; it must be one of {KINDS}"),
    "an unknown loss": ({"loss": {"kind": "x"}}, f"loss.kind is 'x'; it must be one of {KINDS}"),
    "a margin that is none": (
        {"loss": {"kind": "sphereface", "margin": 1}},
        "loss.margin is 1; with loss.kind sphereface it must be a whole number from 2 to 16.",
    ),
    "radians of a half circle": (
        {"loss": {"kind": "arcface", "margin": 4}},
        "loss.margin is 4; with loss.kind arcface it must be a number above 0 and at most 1.5708.",
    ),
    "a margin beyond reach": (
        {"loss": {"kind": "contrastive", "distance": "cosine", "margin": 3.0}},
        "loss.margin is 3.0; it must be at most 2, the largest cosine distance.",
    ),
    "a margin of 0": ({"loss": {"kind": "contrastive", "margin": 0}}, "loss.margin is 0; with"),
    "slack": (
        {"loss": {"kind": "margin-on-both", "slack": 2.0}},
        "loss.slack is 2.0; it must be at most loss.margin.",
    ),
    "no temperature": (
        {"loss": {"kind": "supervised", "temperature": 0}},
        "loss.temperature is 0; with loss.kind supervised it must be a number from 0.001 to 100.",
    ),
    "another loss's key": (
        {"loss": {"kind": "arcface", "temperature": 0.1}},
        "loss: unknown key 'temperature' = 0.1; known here are kind, margin, scale, weight.",
    ),
    "a key that moved": (
        {"loss": {"kind": "none", "point": 4.0}},
        "loss: key 'point' = 4.0 has moved; it is distillation.point now.",
    ),
    "a weight that moved": (
        {"loss": {"kind": "supervised", "threshold": 0.1}},
        "loss: key 'threshold' = 0.1 has moved; it is threshold.weight now.",
    ),
    "a table of no weight": ({"gallery": {}}, "gallery.weight is missing; it must be a number"),
    "nothing to copy": ({"distillation": {"point": 1}}, "teacher.bundle is ''; [distillation]"),
    "nothing to learn": ({"loss": {"kind": "none"}}, "loss.kind is 'none'; without [distillation]"),
}


@pytest.mark.parametrize(("table", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_run_file_is_one_clear_line(table: dict[str, Any], said: str) -> None:
    table = {"name": "a", **table} if table else table
    with pytest.raises(TrainingError) as error:
        parse(table, where="a.toml")
    assert str(error.value).startswith("a.toml: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    for name, content, said in (
        ("a.toml", b"name = ", "is not TOML"),
        ("b.toml", b'name = "\xff"', "is not TOML"),
        ("c.toml", b'name = "a"\n[data]\npath = 1979-05-27\n', r"data\.path is .*must be text"),
        ("d.toml", None, "There is no run file"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(TrainingError, match=said):
            load_config(tmp_path / name)


def test_code_is_held_to_the_same_ranges_as_files() -> None:
    with pytest.raises(ValueError, match="margin"):
        SphereFace(margin=1)
    with pytest.raises(ValueError, match="start"):
        ThresholdConfig(weight=1, start=math.nan)
    with pytest.raises(ValueError, match="turns"):
        replace(DataConfig(), turns=0)
