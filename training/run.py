"""A run that has learned: loaded once, then measured, calibrated and exported."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from app.vision.again import seen_again
from training import checkpoint
from training.backbones.embedder import Embedder
from training.backbones.graph import GraphEmbedder
from training.config import RunConfig
from training.errors import TrainingError
from training.evaluate.embedding import embed
from training.evaluate.identification import OpenSet, Rows
from training.evaluate.suite import Measured, measure
from training.evaluate.verification import Verification
from training.losses.threshold import LearnedThreshold, PairThreshold
from training.prepare import Prepared, build_model, prepare
from training.run_file import parse

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """Configuration, data and network of a run, the network with the weights that were kept.

    ``threshold`` is the threshold on pairs that learned with the embedder, where the run had one.
    Embeddings and measures are made when they are first asked for, and once.
    """

    config: RunConfig
    prepared: Prepared
    model: Embedder
    threshold: PairThreshold | None

    @cached_property
    def embeddings(self) -> Rows:
        """(n, d) of the unseen identities' images."""
        return embed(self.model, self.prepared.unseen.images)

    @cached_property
    def again(self) -> Rows:
        """(n, d) of the same images, each seen once more (``app.vision.again``)."""
        images = self.prepared.unseen.images
        return embed(self.model, seen_again(images, face=self.config.data.kind == "faces"))

    @cached_property
    def measured(self) -> tuple[Measured, OpenSet, Verification]:
        """Error rates of the embeddings on the unseen identities."""
        return measure(self.embeddings, self.prepared.unseen)


def kept_run(out: Path, config: RunConfig, prepared: Prepared, model: Embedder) -> Run:
    """The run that the loop has just ended in ``out``; ``model`` takes the weights kept."""
    tensors, _ = _kept(out)
    return _run(config, prepared, model, tensors)


def open_run(out: Path, root: Path | None = None) -> Run:
    """The run of an earlier command in ``out``, its data below ``root``."""
    tensors, config = _kept(out)
    prepared = prepare(config.data, root)
    model = build_model(config.model, channels=prepared.data.images.shape[-1])
    return _run(config, prepared, model, tensors)


def _kept(out: Path) -> tuple[Tensors, RunConfig]:
    found = checkpoint.load(out, "best")
    if found is None:
        raise TrainingError(f"{out} holds no finished epoch of a run.")
    tensors, _, table = found
    try:
        return tensors, parse(table, where=f"The run in {out}")
    except TrainingError as error:
        raise TrainingError(f"{error} It is of an earlier release; train it again.") from None


def _run(config: RunConfig, prepared: Prepared, model: Embedder, tensors: Tensors) -> Run:
    torch.set_num_threads(config.train.threads)
    # The loop may have left it on an accelerator, and in another order of memory.
    model.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    model.load_state_dict(tensors["model"])
    if isinstance(model.backbone, GraphEmbedder):
        model.backbone.round_as_written()
    return Run(config, prepared, model.eval(), _threshold(config, tensors["objective"]))


def _threshold(config: RunConfig, objective: Tensors) -> PairThreshold | None:
    if config.threshold is None:
        return None
    head = LearnedThreshold()
    head.load_state_dict({key: objective[f"threshold.{key}"] for key in head.state_dict()})
    return head.value(config.threshold.distance)
