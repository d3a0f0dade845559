"""The bar that a training run shows."""

import math

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from training.checkpoint import LoopState
from training.config import RunConfig
from training.distributed import world


def shown(state: LoopState) -> str:
    """The live open-set metric, as last measured."""
    scores = [record["score"] for record in state.history if "score" in record]
    return f"  DIR at FPIR 1 % {scores[-1]:.3f}" if scores else ""


def progress_bar() -> Progress:
    """The empty display; of several processes the first alone shows it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(
            "loss {task.fields[loss]:.4f}  rate {task.fields[rate]:.1e}  "
            "{task.fields[speed]:.0f} images/s{task.fields[score]}"
        ),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, disable=world()[0] != 0)


def begun(progress: Progress, config: RunConfig, state: LoopState, total: int) -> TaskID:
    """The bar of a run of ``total`` steps, where its last epoch left it."""
    last = state.history[-1] if state.history else {}
    done = state.epoch * total // config.train.epochs
    return progress.add_task(
        config.name, total=total, completed=done, score=shown(state), speed=0.0,
        loss=last.get("loss", math.nan), rate=last.get("rate", math.nan),
    )  # fmt: skip
