"""A run on disk: weights, and JSON for people to read.

``state.pt`` holds the tensors (model, objective, optimiser) and the text of ``state.json``: the
configuration, the epoch, the best score so far and the history. It alone is read back, with
``weights_only=True``, and it is written aside and renamed: a kill at any moment leaves the last
good epoch whole. The JSON file is for reading only.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from app.core.files import whole_file, write_whole


@dataclass(slots=True)
class LoopState:
    """Progress of a run; ``epoch`` counts finished epochs, ``history`` has a record of each."""

    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save(
    folder: Path, name: str, *, tensors: dict[str, Any], state: LoopState, config: dict[str, Any]
) -> None:
    """Write ``name``.pt, as a whole or not at all, and ``name``.json for people."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"config": config, "state": asdict(state)}, indent=1)
    with whole_file(folder / f"{name}.pt") as stream:
        torch.save({**tensors, "json": text}, stream)
    write_whole(folder / f"{name}.json", text)


def load(folder: Path, name: str) -> tuple[dict[str, Any], LoopState, dict[str, Any]] | None:
    """(tensors, state, config) of a checkpoint, None where there is none."""
    if not (folder / f"{name}.pt").is_file():
        return None
    tensors = torch.load(folder / f"{name}.pt", weights_only=True, map_location="cpu")
    saved = json.loads(tensors.pop("json"))
    return tensors, LoopState(**saved["state"]), saved["config"]
