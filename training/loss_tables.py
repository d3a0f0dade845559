"""The losses of a run: a table each, so that ``margin`` means one thing in each.

``[loss]`` is one of them, by its ``kind``; ``[distillation]``, ``[gallery]`` and ``[threshold]``
add a term each.
"""

import math
from typing import Annotated, Final, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from training.mining import Mining
from training.ranges import STRICT, Positive, Weight

Distance = Literal["euclidean", "manhattan", "cosine", "angular"]
Temperature = Annotated[float, Field(ge=0.001, le=100, allow_inf_nan=False)]
Scale = Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)]
_FURTHEST: Final = {"cosine": 2.0, "angular": 1.0}  # the largest distance; the others have none


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


def _check_reach(distance: Distance, margin: float) -> None:
    furthest = _FURTHEST.get(distance, math.inf)
    if margin > furthest:
        raise ValueError(
            f"loss.margin is {margin}; it must be at most {furthest:g}, the largest {distance} "
            "distance"
        )
