"""The training loop, from top to bottom.

A step: the whole batch is assembled from (seed, epoch, step); this process embeds its slice; the
slices are gathered; the objective compares all with all; the gradients are summed. After an epoch
the embedder is measured by what it is for: open-set identification of identities it never saw.
Everything that continues lives in ``LoopState`` and ``state.pt``; everything that is drawn is
drawn from the seed and the epoch, so a killed run goes on exactly where its last epoch ended.
"""

import json
import math
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import checkpoint
from training.backbones.embedder import channels_last
from training.batches import Batch
from training.checkpoint import LoopState
from training.config import RunConfig, TrainConfig
from training.distributed import gathered, slice_of, sum_gradients, world
from training.epochs import EpochLog, Pace, Record
from training.errors import TrainingError
from training.material import Material
from training.objective import Objective
from training.progress import begun, progress_bar, shown
from training.schedule import rate_at

_CLIP = 5.0


def device_of(config: TrainConfig) -> torch.device:
    """The accelerator where there is one; ``train.device`` chooses otherwise."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("train.device is cuda, and torch finds no CUDA device here.")
    use = torch.cuda.is_available() and config.device != "cpu"
    return (
        torch.device("cuda", world()[0] % torch.cuda.device_count()) if use else torch.device("cpu")
    )


def train(config: RunConfig, material: Material, out: Path) -> LoopState:
    """Train until the epochs are over or patience is; the weights kept end in ``out/best.pt``."""
    torch.set_num_threads(config.train.threads)
    device = device_of(config.train)
    model, objective = channels_last(material.model.to(device)), material.objective.to(device)
    parameters = [p for p in [*model.parameters(), *objective.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters, lr=config.train.rate, weight_decay=config.train.weight_decay
    )
    scaler = torch.amp.GradScaler(device.type, enabled=config.train.precision == "fp16")
    parts: dict[str, Any] = {
        "model": model,
        "objective": objective,
        "optimizer": optimizer,
        "scaler": scaler,
    }
    state = _resumed(config, parts, out)
    total = config.train.epochs * material.batches.steps
    log = EpochLog(out, epochs=state.epoch)
    with progress_bar() as progress:
        task = begun(progress, config, state, total)
        while state.epoch < config.train.epochs and not _patience_over(state, config.train):
            model.train()
            losses, pace = [], Pace()
            for step, batch in enumerate(material.batches.epoch(state.epoch)):
                rate = rate_at(
                    state.epoch * material.batches.steps + step,
                    total=total, peak=config.train.rate, warmup=config.train.warmup,
                )  # fmt: skip
                for group in optimizer.param_groups:
                    group["lr"] = rate
                with _autocast(config.train, device):
                    loss = _loss(model, objective, batch, device)
                losses.append(_finite(loss, "loss", state.epoch, out))
                optimizer.zero_grad(set_to_none=True)
                scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
                sum_gradients(model.parameters())
                scaler.unscale_(optimizer)
                norm = nn.utils.clip_grad_norm_(parameters, _CLIP)
                if not scaler.is_enabled():  # which skips such a step by itself
                    _finite(norm, "gradient", state.epoch, out)
                scaler.step(optimizer)
                scaler.update()
                speed = pace.count(len(batch.images))
                progress.update(task, advance=1, loss=losses[-1], rate=rate, speed=speed)
            state.epoch += 1
            learned = {"epoch": float(state.epoch), "loss": float(np.mean(losses)), "rate": rate}
            timing = pace.record()
            better = _judge(config, material, model, state, learned)
            if world()[0] == 0:
                log.add({**state.history[-1], **timing})
                _save(config, parts, state, out, better=better)
            progress.update(task, score=shown(state))
    return state


def _loss(model: nn.Module, objective: Objective, batch: Batch, device: torch.device) -> Tensor:
    mine = batch.images[slice_of(len(batch.images))].to(device)
    z = gathered(model(mine.contiguous(memory_format=torch.channels_last)).float())
    teacher = None if batch.teacher is None else batch.teacher.to(device)
    loss: Tensor = objective(z, batch.labels.to(device), teacher)
    return loss


def _judge(
    config: RunConfig, material: Material, model: nn.Module, state: LoopState, learned: Record
) -> bool:
    """Validate what an epoch ``learned`` and remember it; true where it is the one to keep."""
    record, last = dict(learned), state.epoch == config.train.epochs
    if state.epoch % config.train.validate_every == 0 or last:
        model.eval()
        with torch.no_grad():
            record |= material.validate(model)
    state.history.append(record)
    better = not material.chooses or record.get("score", -1.0) > state.best
    if better:
        state.best, state.best_epoch = record.get("score", state.best), state.epoch
    return better


def _save(
    config: RunConfig, parts: dict[str, Any], state: LoopState, out: Path, *, better: bool
) -> None:
    """Write the checkpoint; the epoch to keep so far is kept apart."""
    tensors = {name: part.state_dict() for name, part in parts.items()}
    checkpoint.save(out, "state", tensors=tensors, state=state, config=config.to_dict())
    if better:
        weights = {"model": tensors["model"], "objective": tensors["objective"]}
        checkpoint.save(out, "best", tensors=weights, state=state, config=config.to_dict())


def _resumed(config: RunConfig, parts: dict[str, Any], out: Path) -> LoopState:
    found = checkpoint.load(out, "state")
    if found is None:
        return LoopState()
    tensors, state, before = found
    if before != _plain(config):
        raise TrainingError(f"{out} holds another run's checkpoint; name another --out.")
    for name, part in parts.items():
        part.load_state_dict(tensors[name])
    return state


def _plain(config: RunConfig) -> object:
    """The configuration as JSON gives it back."""
    return json.loads(json.dumps(config.to_dict()))


def _finite(number: Tensor, what: str, epoch: int, out: Path) -> float:
    value = float(number.detach())
    if math.isfinite(value):
        return value
    kept = f"keeps the checkpoint of epoch {epoch}" if epoch else "holds no checkpoint yet"
    raise TrainingError(
        f"The {what} became {value} in epoch {epoch + 1}. Stopped; {out} {kept}. A lower "
        "train.rate, or a larger loss.temperature, usually cures it."
    )


def _patience_over(state: LoopState, config: TrainConfig) -> bool:
    return bool(config.patience) and state.epoch - state.best_epoch >= config.patience


def _autocast(config: TrainConfig, device: torch.device) -> "torch.autocast | nullcontext[None]":
    if config.precision == "fp32":
        return nullcontext()
    kinds = {"bf16": torch.bfloat16, "fp16": torch.float16}
    return torch.autocast(device.type, kinds[config.precision])
