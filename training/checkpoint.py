"""A run on disk: weights, and JSON that a person can read beside them.

``state.pt`` holds tensors only (model, objective, optimiser) and is loaded with
``weights_only=True``; ``state.json`` holds the configuration, the epoch, the best score so far and
the history. Both are written aside and renamed, so a kill leaves the last good pair.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from training.errors import TrainingError


@dataclass(slots=True)
class LoopState:
    """Where a run stands; ``epoch`` counts finished epochs."""

    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save(
    folder: Path, name: str, *, tensors: dict[str, Any], state: LoopState, config: dict[str, Any]
) -> None:
    """Write ``name``.pt and ``name``.json; the JSON, written last, names the tensors' epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({**tensors, "epoch": state.epoch}, folder / f"{name}.pt.part")
    text = json.dumps({"config": config, "state": asdict(state)}, indent=1)
    (folder / f"{name}.json.part").write_text(text, encoding="utf-8")
    (folder / f"{name}.pt.part").replace(folder / f"{name}.pt")
    (folder / f"{name}.json.part").replace(folder / f"{name}.json")


def load(folder: Path, name: str) -> tuple[dict[str, Any], LoopState, dict[str, Any]] | None:
    """(tensors, state, config) of a checkpoint, None where there is none.

    Where a kill fell between the two renames, the tensors are one epoch ahead of the JSON; that
    is told, because neither continues the other.
    """
    if not (folder / f"{name}.json").is_file():
        return None
    told = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    tensors = torch.load(folder / f"{name}.pt", weights_only=True, map_location="cpu")
    if tensors["epoch"] != told["state"]["epoch"]:
        raise TrainingError(
            f"{folder / name}: weights of epoch {tensors['epoch']} beside a state of epoch "
            f"{told['state']['epoch']}. Remove both to begin again."
        )
    return tensors, LoopState(**told["state"]), told["config"]
