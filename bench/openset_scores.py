"""Ways to score a probe against persons with several templates, tried against each other.

Each takes a ``Trial`` and gives similarities (probes, persons), higher is closer. What a way
learns, it learns from the cohort: people of the other half of the photographs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_COHORT_GROUP: Final = 5  # people averaged into one cohort vector, so that it shows nobody
_NEAREST_COHORT: Final = 50
_EVM_TAIL: Final = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """``templates`` (m, k, d) of m persons, their ``quality`` (m, k), ``probes`` (p, d) and theirs
    (p,), a ``cohort`` (c, d) of other people and ``cohort_probes`` (n, d), images of them; the
    templates and probes seen in the mirror.
    """

    templates: Vectors
    quality: Vectors
    probes: Vectors
    probe_quality: Vectors
    cohort: Vectors
    cohort_probes: Vectors
    cohort_quality: Vectors
    mirrored_templates: Vectors
    mirrored_probes: Vectors


Way = Callable[[Trial], Vectors]


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def _each(trial: Trial) -> Vectors:
    """(p, m, k) of every template."""
    return np.asarray(np.einsum("pd,mkd->pmk", trial.probes, trial.templates, optimize=True))


def maximum(trial: Trial) -> Vectors:
    """The nearest template."""
    return np.asarray(_each(trial).max(axis=2))


def mean(trial: Trial) -> Vectors:
    """All templates alike."""
    return np.asarray(_each(trial).mean(axis=2))


def best_two(trial: Trial) -> Vectors:
    """The mean of the two nearest templates."""
    return np.asarray(np.sort(_each(trial), axis=2)[:, :, -2:].mean(axis=2))


def centroid(trial: Trial) -> Vectors:
    """The unit centroid: what Kith uses."""
    return np.asarray(trial.probes @ _unit(trial.templates.sum(axis=1)).T)


def quality_weighted(trial: Trial) -> Vectors:
    """The centroid, better pictures counting more."""
    weighted = (trial.templates * trial.quality[:, :, None]).sum(axis=1)
    return np.asarray(trial.probes @ _unit(weighted).T)


def centroid_and_maximum(trial: Trial) -> Vectors:
    """Half of each."""
    return np.asarray(0.5 * centroid(trial) + 0.5 * maximum(trial), np.float32)


def mirrored(trial: Trial) -> Vectors:
    """The centroid, with every image averaged with its mirror image: twice the embedding."""
    return centroid(
        replace(
            trial,
            templates=_unit(trial.templates + trial.mirrored_templates),
            probes=_unit(trial.probes + trial.mirrored_probes),
        )
    )


def mean_subtracted(trial: Trial) -> Vectors:
    """The centroid, after the cohort's mean is taken from every vector."""
    middle = trial.cohort.mean(axis=0)
    return centroid(
        replace(
            trial, templates=_unit(trial.templates - middle), probes=_unit(trial.probes - middle)
        )
    )


def adaptive_s_norm(trial: Trial) -> Vectors:
    """The centroid, scaled by both sides' nearest in the cohort (Matejka et al., 2017)."""
    people = trial.cohort[: len(trial.cohort) // _COHORT_GROUP * _COHORT_GROUP]
    cohort = _unit(people.reshape(-1, _COHORT_GROUP, people.shape[1]).sum(axis=1))
    scores = centroid(trial)
    enrolled = _unit(trial.templates.sum(axis=1))
    sides = []
    for vectors in (trial.probes, enrolled):
        near = np.sort(vectors @ cohort.T, axis=1)[:, -_NEAREST_COHORT:]
        sides.append((near.mean(axis=1), near.std(axis=1)))
    (probe_mean, probe_std), (mean_, std) = sides
    by_probe = (scores - probe_mean[:, None]) / probe_std[:, None]
    return np.asarray((by_probe + (scores - mean_) / std) / 2)


def quality_aware(trial: Trial) -> Vectors:
    """The centroid, at a threshold that follows the probe's quality: less what strangers of that
    quality reach in this gallery, which is a straight line through the cohort's.
    """
    strangers = replace(trial, probes=trial.cohort_probes)
    slope = np.polyfit(trial.cohort_quality, centroid(strangers).max(axis=1), 1)[0]
    return np.asarray(centroid(trial) - slope * trial.probe_quality[:, None], np.float32)


def second_best(trial: Trial) -> Vectors:
    """The centroid, less 0.3 of the nearest other person's."""
    scores = centroid(trial)
    top = np.sort(scores, axis=1)[:, -2:]
    other = np.where(scores == top[:, 1:], top[:, :1], top[:, 1:])
    return np.asarray(scores - 0.3 * other)


def extreme_value_machine(trial: Trial) -> Vectors:
    """A Weibull a person on half the distances to its nearest others (Rudd et al., 2018)."""
    enrolled = _unit(trial.templates.sum(axis=1))
    distances = 1 - enrolled @ enrolled.T
    np.fill_diagonal(distances, np.inf)
    margins = np.log(np.sort(distances, axis=1)[:, :_EVM_TAIL] / 2)
    # Of a Weibull's logarithm the deviation is pi / (shape sqrt(6)), the mean log(scale) - 0.577 /
    # shape: fitted by moments. The logarithm of the inclusion probability keeps the ranking.
    shape = np.pi / (margins.std(axis=1) * np.sqrt(6))
    log_scale = margins.mean(axis=1) + np.euler_gamma / shape
    distance = np.log(np.maximum(1 - centroid(trial), 1e-9))
    return np.asarray(-(shape * (distance - log_scale)))


WAYS: Final[Mapping[str, Way]] = {
    "maximum": maximum,
    "mean": mean,
    "mean of the best two": best_two,
    "centroid": centroid,
    "quality-weighted centroid": quality_weighted,
    "centroid + maximum": centroid_and_maximum,
    "centroid, mirror-averaged": mirrored,
    "centroid, cohort mean subtracted": mean_subtracted,
    "centroid, adaptive s-norm": adaptive_s_norm,
    "centroid, threshold by the probe's quality": quality_aware,
    "centroid, less 0.3 second best": second_best,
    "centroid, extreme value machine": extreme_value_machine,
}


def dir_at(
    fpir: float, scores: Vectors, persons: NDArray[np.int64], strangers: Vectors
) -> tuple[float, float]:
    """DIR at ``fpir``, and the threshold that gives it.

    ``scores`` (p, m) of mated probes whose person is column ``persons`` (p,); ``strangers``
    (q, m) of probes of nobody. The threshold is taken from the strangers themselves.
    """
    threshold = float(np.quantile(strangers.max(axis=1), 1 - fpir, method="higher"))
    top = scores.argmax(axis=1)
    found = (top == persons) & (scores[np.arange(len(scores)), top] > threshold)
    return float(found.mean()), threshold
