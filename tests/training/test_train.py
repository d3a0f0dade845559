"""The loop: it learns, resumes exactly, stops on NaN, and two processes are as good as one."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import nn

from tests.training.workers import TINY, tiny_material, tiny_prepared, weights
from training import checkpoint
from training.checkpoint import LoopState
from training.errors import TrainingError
from training.material import Material
from training.prepare import material, prepare
from training.schedule import rate_at
from training.train import device_of, train

ROOT = Path(__file__).parents[2]
SAME = 1e-5
"""Weights that took the same steps; one step, or an optimiser's memory, that is lost moves them by
more than 1e-3. Not to the bit: how a sum is split among threads is the library's affair.
"""


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
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / "log.jsonl").write_text('{"epoch": 4.0}\n')  # of an epoch not kept

    def dies(_: nn.Module) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return {"score": 0.5}

    with pytest.raises(Killed):
        train(TINY, replace(broken, validate=dies), tmp_path / "killed")
    resumed = tiny_material(TINY)
    state = train(TINY, resumed, tmp_path / "killed")
    assert (state.epoch, state.best_epoch) == (expected.epoch, expected.best_epoch)
    assert state.best == pytest.approx(expected.best, rel=SAME)
    for epoch, wanted in zip(state.history, expected.history, strict=True):
        assert epoch == pytest.approx(wanted, rel=SAME)
    lines = (tmp_path / "killed" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4]
    assert not {"seconds", "images_per_second"} & set(state.history[0])
    torch.testing.assert_close(weights(resumed.model), weights(whole.model), rtol=SAME, atol=SAME)
    torch.testing.assert_close(
        weights(resumed.objective), weights(whole.objective), rtol=SAME, atol=SAME
    )


def test_another_runs_checkpoint_is_not_continued(tmp_path: Path) -> None:
    train(TINY, tiny_material(TINY), tmp_path)
    other = replace(TINY, seed=2)
    with pytest.raises(TrainingError, match="another run's checkpoint"):
        train(other, tiny_material(other), tmp_path)


def test_a_checkpoint_is_whole_whatever_a_kill_left_next_to_it(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, "state", tensors={"a": torch.ones(2)}, state=LoopState(3), config={})
    saved = json.loads((tmp_path / "state.json").read_text())
    assert saved["state"]["epoch"] == 3
    (tmp_path / "state.pt.part").write_bytes(b"half of the next epo")
    (tmp_path / "state.json").write_text('{"config": {}, "sta')
    found = checkpoint.load(tmp_path, "state")
    assert found is not None
    assert found[0].keys() == {"a"}
    assert found[1] == LoopState(3)


def test_a_process_that_is_killed_is_continued_to_the_same_weights(tmp_path: Path) -> None:
    whole = tiny_material(TINY)
    train(TINY, whole, tmp_path / "whole")
    command = [sys.executable, "-m", "tests.training.workers", str(tmp_path / "killed"), "wait"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not (tmp_path / "killed" / "waits").exists():
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    assert checkpoint.load(tmp_path / "killed", "state") is not None
    resumed = tiny_material(TINY)
    train(TINY, resumed, tmp_path / "killed")
    torch.testing.assert_close(weights(resumed.model), weights(whole.model), rtol=SAME, atol=SAME)


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


class Exploding(nn.Module):
    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, z: torch.Tensor, *args: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = self.objective(z, *args)
        return loss + (z[:1, 0] - z[:1, 0].detach()).sqrt().sum()


def test_a_gradient_that_is_not_finite_stops_the_run_before_it_reaches_the_weights(
    tmp_path: Path,
) -> None:
    made = tiny_material(TINY)
    bad = replace(made, objective=Exploding(made.objective))  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=r"gradient became (nan|inf) in epoch 1"):
        train(TINY, bad, tmp_path)
    parameters = torch.cat([p.detach().flatten() for p in made.model.parameters()])
    assert bool(torch.isfinite(parameters).all())
    assert checkpoint.load(tmp_path, "state") is None


def test_without_validation_identities_the_last_epoch_is_kept(tmp_path: Path) -> None:
    for chooses, kept in ((False, 4), (True, 1)):
        made = replace(tiny_material(TINY), chooses=chooses)
        scores = iter([0.9, 0.1, 0.3, 0.2])
        out = tmp_path / str(chooses)
        train(TINY, replace(made, validate=lambda _: {"score": next(scores)}), out)  # noqa: B023
        found = checkpoint.load(out, "best")
        assert found is not None
        assert found[1].epoch == kept


def test_patience_needs_validation_identities(tmp_path: Path) -> None:
    config = replace(TINY, train=replace(TINY.train, patience=2))
    with pytest.raises(TrainingError, match=r"set data\.validation"):
        material(config, tiny_prepared(config))


def test_validation_identities_are_neither_learned_nor_measured() -> None:
    data = replace(TINY.data, validation=("4", "5", "6"))
    prepared = prepare(data)
    assert prepared.validation is not None
    parts = (prepared.train, prepared.validation, prepared.unseen)
    assert [part.identities for part in parts] == [
        ("0", "1", "2", "3"), ("4", "5", "6"), ("7", "8", "9")
    ]  # fmt: skip
    assert sum(map(len, parts)) == len(prepared.data)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_the_loss_falls_in_mixed_precision_and_the_weights_stay_single(
    tmp_path: Path, precision: Literal["bf16", "fp16"]
) -> None:
    config = replace(TINY, train=replace(TINY.train, epochs=12, precision=precision))
    made = tiny_material(config)
    losses = [record["loss"] for record in train(config, made, tmp_path).history]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
    assert all(p.dtype == torch.float32 for p in made.model.parameters())


def test_cuda_is_refused_in_one_line_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match=r"train\.device is cuda"):
        device_of(replace(TINY.train, device="cuda"))


def test_a_siamese_run_learns_from_the_two_of_each_pair(tmp_path: Path) -> None:
    sampler = replace(TINY.sampler, kind="pairs")
    config = replace(TINY, sampler=sampler, train=replace(TINY.train, epochs=8))
    made = tiny_material(config)
    assert made.objective.paired
    losses = [record["loss"] for record in train(config, made, tmp_path).history]
    assert losses[-1] < losses[0]


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
