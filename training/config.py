"""One run: a frozen dataclass for each table of its TOML file, with the range of each number.

Pydantic checks every field, strictly (no text for a number, no unknown key), whether it comes from
a file (``training.run_file``) or from code. The tables of losses are in ``training.loss_tables``.
"""

import dataclasses
from dataclasses import field
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from training.augment import Augment
from training.loss_tables import (
    Contrastive,
    DistillationConfig,
    GalleryConfig,
    LossConfig,
    NoLoss,
    ThresholdConfig,
)
from training.ranges import STRICT, Count, Named, Share

# Channels of the small network, a factor of the compact one; an adapted one has its own.
_WIDTHS: Final = {"small": (1, 1024), "compact": (0.25, 16), "adapt": (0, 1024)}


@dataclass(frozen=True, slots=True, config=STRICT)
class DataConfig:
    """The source of the images, and the identities that are held out.

    A ``path`` that is relative lies in the folder of training data, which ``--data`` or
    ``KITH_TRAINING_DATA`` names; all kinds but digits need one. ``unseen`` is a share of the
    identities, or the names of those to hold out for the figures; ``validation`` likewise, of the
    rest, for judging epochs and settings (0: nothing is judged and the last epoch is kept). With
    ``by_name`` the share ``unseen`` follows from the identities' names alone, whichever others the
    folder holds. ``size`` is the side in px at which the network sees them. Of each identity to
    learn, the first ``turns`` quarter turns count as identities of their own.
    """

    kind: Literal["digits", "mnist", "omniglot", "folder", "faces"] = "digits"
    path: str = ""
    cache: str = ""
    unseen: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | Named = 0.3
    validation: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] | Named = 0.0
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    by_name: bool = False
    size: Annotated[int, Field(ge=8, le=1024)] = 28
    turns: Annotated[int, Field(ge=1, le=4)] = 1
    face_bundle: Annotated[str, Field(min_length=1)] = "data/models/face"

    def __post_init__(self) -> None:
        """``ValueError`` where a kind lacks what it needs."""
        if self.kind != "digits" and not self.path:
            raise ValueError(f"data.path is ''; it must name the {self.kind} data")
        if self.kind == "faces" and not self.cache:
            raise ValueError("data.cache is ''; it must name a folder, where found faces are kept")


@dataclass(frozen=True, slots=True, config=STRICT)
class ModelConfig:
    """``dimension`` numbers an embedding; ``width`` is channels of the small network and a factor
    of the compact one.

    ``adapt`` begins with the embedder of ``bundle``: see training.backbones.graph for ``learn``,
    ``rank`` and ``light``.
    """

    kind: Literal["small", "compact", "adapt"] = "small"
    dimension: Annotated[int, Field(ge=2, le=4096)] = 64
    width: Annotated[float, Field(gt=0, le=1024, allow_inf_nan=False)] = 32
    normalise: bool = True
    bundle: str = ""
    learn: Literal["head", "small", "whole"] = "small"
    rank: Annotated[int, Field(ge=1, le=1024)] = 8
    light: Annotated[float, Field(ge=0, le=255, allow_inf_nan=False)] = 0.0

    def __post_init__(self) -> None:
        """``ValueError`` where a kind lacks what it needs."""
        if self.kind == "adapt" and not self.bundle:
            raise ValueError("model.bundle is ''; it must name the bundle to adapt")
        least, most = _WIDTHS[self.kind]
        if not least <= self.width <= most:
            raise ValueError(
                f"model.width is {self.width}; with model.kind {self.kind} it must be a number "
                f"from {least} to {most}"
            )


@dataclass(frozen=True, slots=True, config=STRICT)
class SamplerConfig:
    """P ``identities`` x K ``images`` a batch, and ``extra`` more drawn from anywhere.

    With ``kind`` "pairs" the P x K images are Siamese pairs, half of them similar, and a pair loss
    compares the two of each pair only. An epoch has at least ``steps`` batches; with few identities
    one round is too short for one.
    """

    kind: Literal["identities", "pairs"] = "identities"
    identities: Annotated[int, Field(ge=2, le=100_000)] = 16
    images: Annotated[int, Field(ge=1, le=10_000)] = 4
    extra: Count = 0
    steps: Count = 0
    repeat: bool = False


@dataclass(frozen=True, slots=True, config=STRICT)
class TeacherConfig:
    """Distillation: the bundle to copy. ``moved`` views of each training image are embedded with
    it, and ``blends`` of two.
    """

    bundle: str = ""
    moved: Annotated[int, Field(ge=0, le=1000)] = 2
    blends: Count = 20000


@dataclass(frozen=True, slots=True, config=STRICT)
class TrainConfig:
    """Length and speed: ``rate`` is the highest learning rate, ``warmup`` the share of steps
    that climb to it, ``patience`` the epochs without gain that end a run (0: none).
    """

    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    rate: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 2e-3
    weight_decay: Share = 1e-4
    warmup: Share = 0.05
    patience: Count = 0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Annotated[int, Field(ge=1, le=1024)] = 2
    validate_every: Annotated[int, Field(ge=1, le=1_000_000)] = 1


@dataclass(frozen=True, slots=True, config=STRICT)
class RunConfig:
    """A whole run; its name is that of the bundle that it ends in."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: Annotated[LossConfig, Field(discriminator="kind")] = field(default_factory=Contrastive)
    distillation: DistillationConfig | None = None
    gallery: GalleryConfig | None = None
    threshold: ThresholdConfig | None = None
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    augment: Augment = field(default_factory=Augment)
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        """``ValueError`` where tables contradict each other."""
        copies = self.distillation or self.gallery
        if copies and not self.teacher.bundle:
            raise ValueError("teacher.bundle is ''; [distillation] and [gallery] need a bundle")
        if self.teacher.bundle and not self.data.cache:
            raise ValueError("data.cache is ''; it must name a folder for the teacher's views")
        if isinstance(self.loss, NoLoss) and not copies:
            raise ValueError(
                "loss.kind is 'none'; without [distillation] or [gallery] nothing is learned"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the checkpoint's JSON."""
        return dataclasses.asdict(self)
