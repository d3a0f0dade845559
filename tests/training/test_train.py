"""The loop: it learns, resumes exactly, stops on NaN, and two processes are as good as one."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.workers import TINY, tiny_material, weights
from training import checkpoint
from training.checkpoint import LoopState
from training.errors import TrainingError
from training.schedule import rate_at
from training.train import Material, train

ROOT = Path(__file__).parents[2]


def test_the_loss_falls(tmp_path: Path) -> None:
    config = replace(TINY, train=replace(TINY.train, epochs=25))
    state = train(config, tiny_material(config), tmp_path)
    losses = [record["loss"] for record in state.history]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


class Killed(Exception):
    pass


def test_a_killed_run_goes_on_exactly_where_its_last_epoch_ended(tmp_path: Path) -> None:
    whole = tiny_material(TINY)
    expected = train(TINY, whole, tmp_path / "whole")
    broken, calls = tiny_material(TINY), []

    def dies(_: nn.Module) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return {"score": 0.5}

    with pytest.raises(Killed):
        train(TINY, replace(broken, validate=dies), tmp_path / "killed")
    resumed = tiny_material(TINY)
    state = train(TINY, resumed, tmp_path / "killed")
    assert state == expected
    assert torch.equal(weights(resumed.model), weights(whole.model))
    assert torch.equal(weights(resumed.objective), weights(whole.objective))


def test_another_runs_checkpoint_is_not_continued(tmp_path: Path) -> None:
    train(TINY, tiny_material(TINY), tmp_path)
    other = replace(TINY, seed=2)
    with pytest.raises(TrainingError, match="another run's checkpoint"):
        train(other, tiny_material(other), tmp_path)


def test_a_checkpoint_is_json_a_person_can_read_and_tensors_of_the_same_epoch(
    tmp_path: Path,
) -> None:
    checkpoint.save(tmp_path, "state", tensors={"a": torch.ones(2)}, state=LoopState(3), config={})
    assert json.loads((tmp_path / "state.json").read_text())["state"]["epoch"] == 3
    torch.save({"a": torch.ones(2), "epoch": 4}, tmp_path / "state.pt")
    with pytest.raises(TrainingError, match="weights of epoch 4 beside a state of epoch 3"):
        checkpoint.load(tmp_path, "state")


class Poisoned(nn.Module):
    def __init__(self, objective: nn.Module, after: int) -> None:
        super().__init__()
        self.objective, self.left = objective, after

    def forward(self, *args: torch.Tensor) -> torch.Tensor:
        self.left -= 1
        loss: torch.Tensor = self.objective(*args)
        return loss * float("nan") if self.left < 0 else loss


def test_a_nan_loss_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    made = tiny_material(TINY)
    bad = Material(
        made.model, Poisoned(made.objective, 2), made.batches, made.validate  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(TrainingError, match=r"became nan in epoch 3.*checkpoint of epoch 2"):
        train(TINY, bad, tmp_path)
    found = checkpoint.load(tmp_path, "state")
    assert found is not None
    assert found[1].epoch == 2
    assert all(torch.isfinite(t).all() for t in found[0]["model"].values())


def test_patience_ends_a_run_that_no_longer_gains(tmp_path: Path) -> None:
    config = replace(TINY, train=replace(TINY.train, epochs=9, patience=2))
    assert train(config, tiny_material(config), tmp_path).epoch == 3


def test_the_rate_climbs_then_falls_to_nothing() -> None:
    rates = [rate_at(step, total=100, peak=1.0, warmup=0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * i for i in range(1, 11)])
    assert all(a >= b for a, b in pairwise(rates[9:]))
    assert rates[-1] < 0.001


def test_two_processes_come_to_the_same_weights_as_one(tmp_path: Path) -> None:
    alone = tiny_material(TINY)
    train(TINY, alone, tmp_path / "one")
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0",
        "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0",
        "-m", "tests.training.workers", str(tmp_path / "two"),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = checkpoint.load(tmp_path / "two", "state")
    assert found is not None
    both = torch.cat([t.flatten() for t in found[0]["model"].values()]).double()
    assert (both - weights(alone.model)).abs().max().item() < 2e-4
