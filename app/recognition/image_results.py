"""Results about the faces of images alone, without a gallery, as frozen values with raw scores."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.decision.rates import Threshold
from app.inference.embedder import Embeddings
from app.reasons import NoSubject, SampleReason
from app.recognition.subject import SeenFace, TakenFace

VerifyOutcome = Literal["match", "no_match", "rejected"]
Metric = Literal["cosine", "euclidean", "manhattan"]


@dataclass(frozen=True, slots=True)
class ComparedFaces:
    """The decision whether two faces are of one person, by the bundle's calibration, whose data
    do not reach as far as the ``fmr`` where it is ``extrapolated``. ``reasons`` say why nothing can
    be said.
    """

    contract_id: str
    source: TakenFace
    target: TakenFace
    outcome: VerifyOutcome
    reasons: tuple[NoSubject | SampleReason, ...]
    similarity: float | None
    threshold: Threshold
    fmr: float | None
    extrapolated: bool


@dataclass(frozen=True, slots=True)
class DetectedFaces:
    """The largest faces of an image; ``found`` counts also those beyond."""

    contract_id: str
    width: int
    height: int
    found: int
    faces: tuple[SeenFace, ...]


@dataclass(frozen=True, slots=True)
class EmbeddedFace:
    """The face ``taken`` of an image, which was ``seen``, and its ``embedding`` (d,), of unit
    length.
    """

    contract_id: str
    taken: TakenFace
    seen: SeenFace
    embedding: Embeddings


@dataclass(frozen=True, slots=True)
class MeasuredDistances:
    """The ``matrix`` (n, n) of n ``labels``; ``taken`` are the faces of images, not of persons."""

    labels: tuple[str, ...]
    metric: Metric
    matrix: NDArray[np.float64]
    taken: tuple[TakenFace, ...]
