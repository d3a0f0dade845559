"""One run: a frozen dataclass for each table of its TOML file, with the range of each number.

Pydantic checks every field, strictly (no text for a number, no unknown key), whether it comes from
a file (``training.run_file``) or from code. Each loss has a table of its own, so that ``margin``
means one thing in each.
"""

import dataclasses
import math
from dataclasses import field
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from training.mining import Mining
from training.ranges import STRICT, Count, Named, Positive, Share, Weight
from training.transforms import Augment

Distance = Literal["euclidean", "manhattan", "cosine", "angular"]
Temperature = Annotated[float, Field(ge=0.001, le=100, allow_inf_nan=False)]
Scale = Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)]
_FURTHEST: Final = {"cosine": 2.0, "angular": 1.0}  # the largest distance; the others have none


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
        if self.kind == "small" and self.width < 1:
            raise ValueError(f"model.width is {self.width}; it must be 1 channel or more")


@dataclass(frozen=True, slots=True, config=STRICT)
class Contrastive:
    """LeCun's loss of pairs; ``margin`` in units of ``distance``."""

    kind: Literal["contrastive"] = "contrastive"
    weight: Weight = 1.0
    distance: Distance = "euclidean"
    margin: Positive = 1.0
    mining: Mining = "all"

    def __post_init__(self) -> None:
        """``ValueError`` where no two embeddings can be as far apart as the margin."""
        _check_reach(self.distance, self.margin)


@dataclass(frozen=True, slots=True, config=STRICT)
class MarginOnBoth:
    """A margin for similar pairs too; ``margin`` and ``slack`` in units of ``distance``."""

    kind: Literal["margin-on-both"] = "margin-on-both"
    weight: Weight = 1.0
    distance: Distance = "euclidean"
    margin: Positive = 1.0
    slack: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 0.5
    mining: Mining = "all"

    def __post_init__(self) -> None:
        """``ValueError`` where the two margins cannot part similar from dissimilar pairs."""
        _check_reach(self.distance, self.margin)
        if self.slack > self.margin:
            raise ValueError(f"loss.slack is {self.slack}; it must be at most loss.margin")


@dataclass(frozen=True, slots=True, config=STRICT)
class InverseDistance:
    """Dissimilar pairs pay 1 / ``distance``; nearer than ``floor`` they pay as if at it."""

    kind: Literal["inverse-distance"] = "inverse-distance"
    weight: Weight = 1.0
    distance: Distance = "euclidean"
    floor: Positive = 0.05
    mining: Literal["all", "hard"] = "all"


@dataclass(frozen=True, slots=True, config=STRICT)
class Supervised:
    """Supervised contrastive loss; cosines are divided by ``temperature``."""

    kind: Literal["supervised"] = "supervised"
    weight: Weight = 1.0
    temperature: Temperature = 0.1


@dataclass(frozen=True, slots=True, config=STRICT)
class ArcFace:
    """``margin`` in radians, added to the angle to one's own class; ``scale`` of the cosines."""

    kind: Literal["arcface"] = "arcface"
    weight: Weight = 1.0
    margin: Annotated[float, Field(gt=0, le=math.pi / 2, allow_inf_nan=False)] = 0.5
    scale: Scale = 16.0


@dataclass(frozen=True, slots=True, config=STRICT)
class SphereFace:
    """``margin`` is the whole number by which the angle to one's own class is multiplied (m in the
    paper; 1 would be plain softmax, with no margin at all); ``scale`` of the cosines.
    """

    kind: Literal["sphereface"] = "sphereface"
    weight: Weight = 1.0
    margin: Annotated[int, Field(ge=2, le=16)] = 4
    scale: Scale = 16.0


@dataclass(frozen=True, slots=True, config=STRICT)
class Softmax:
    """Cross-entropy over the classes learned."""

    kind: Literal["softmax"] = "softmax"
    weight: Weight = 1.0


@dataclass(frozen=True, slots=True, config=STRICT)
class NoLoss:
    """No loss of labels: the run learns from a teacher alone."""

    kind: Literal["none"] = "none"


LossConfig = (
    Contrastive | MarginOnBoth | InverseDistance | Supervised | ArcFace | SphereFace | Softmax
    | NoLoss
)  # fmt: skip
PairLoss = Contrastive | MarginOnBoth | InverseDistance


@dataclass(frozen=True, slots=True, config=STRICT)
class DistillationConfig:
    """Weights of two losses against the teacher: of each ``point``, and of the pairs' cosines."""

    point: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 0.0
    relation: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 0.0


@dataclass(frozen=True, slots=True, config=STRICT)
class GalleryConfig:
    """Contrast with the teacher's rows of all clean images, added with ``weight``."""

    weight: Weight
    temperature: Temperature = 0.07


@dataclass(frozen=True, slots=True, config=STRICT)
class ThresholdConfig:
    """A threshold on the ``distance`` of pairs that learns with the embedder from ``start`` on;
    its loss is added with ``weight``.
    """

    weight: Weight
    distance: Distance = "cosine"
    start: Positive = 0.5


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


def _check_reach(distance: Distance, margin: float) -> None:
    furthest = _FURTHEST.get(distance, math.inf)
    if margin > furthest:
        raise ValueError(
            f"loss.margin is {margin}; it must be at most {furthest:g}, the largest {distance} "
            "distance"
        )
