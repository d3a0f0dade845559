"""Faces gathered by person, against a slow twin that compares all groups anew at each step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.decision.calibration import Calibration, GallerySize
from app.decision.clusters import clusters, cohesion, of_fused_probes
from app.decision.fit import fit
from app.decision.resemblance import stranger_rate
from tests.unit.decision.calibrations import calibrations
from tests.unit.decision.people import people

Vectors = NDArray[np.float32]


def slow_clusters(vectors: Vectors, calibration: Calibration, rate: float) -> list[list[int]]:
    """The definition: join the two groups that the fewest strangers would be, while few are."""
    moments, shape = calibration.moments, calibration.shape
    groups = [[row] for row in range(len(vectors))]

    def apart(one: list[int], other: list[int]) -> float:
        centres = [vectors[rows].astype(np.float64).sum(axis=0) for rows in (one, other)]
        similarity = centres[0] @ centres[1] / np.prod([np.linalg.norm(c) for c in centres])
        mean = moments.mean
        for rows in (one, other):
            mean /= (moments.coherence + (1 - moments.coherence) / len(rows)) ** 0.5
        return float((similarity - mean) / moments.deviation)

    while len(groups) > 1:
        near = max(
            (apart(one, other), -i, -j)
            for i, one in enumerate(groups)
            for j, other in enumerate(groups)
            if i < j
        )
        if np.exp(np.interp(near[0], shape.deviations, shape.log_fmr)) > rate:
            break
        one, other = -near[1], -near[2]
        groups[one] += groups[other]
        del groups[other]
    return sorted((sorted(rows) for rows in groups), key=lambda rows: (-len(rows), rows))


@settings(max_examples=60)
@given(
    calibrations(),
    st.integers(0, 2**32 - 1),
    st.integers(0, 14),
    st.floats(1e-6, 0.5),
    st.floats(0, 1.5),
)
def test_the_clusters_are_their_definition(
    calibration: Calibration, seed: int, count: int, rate: float, noise: float
) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 8))
    rows = centres[rng.integers(0, 4, count)] + noise * rng.normal(size=(count, 8))
    rows += 1e-3 * rng.normal(size=rows.shape)  # no two pairs are equally near
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    found = clusters(vectors, calibration, rate)
    assert found == slow_clusters(vectors, calibration, rate)
    assert sorted(row for rows in found for row in rows) == list(range(count))


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)


def test_people_are_told_apart_and_their_pictures_gathered(calibration: Calibration) -> None:
    vectors, labels = people(12, 5, seed=4)
    order = np.random.default_rng(0).permutation(len(vectors))
    found = clusters(vectors[order], calibration, stranger_rate(0.01, len(order) - 1))
    assert [len(rows) for rows in found] == [5] * 12
    assert all(len(set(labels[order][rows])) == 1 for rows in found)


def test_strangers_stay_alone_as_often_as_stated(calibration: Calibration) -> None:
    joined = 0
    for seed in range(100):
        vectors, _ = people(30, 1, seed=1000 + seed)
        found = clusters(vectors, calibration, stranger_rate(0.05, len(vectors) - 1))
        joined += sum(len(rows) for rows in found if len(rows) > 1)
    assert 0.02 < joined / 3000 < 0.08


def test_the_order_of_the_images_changes_nothing(calibration: Calibration) -> None:
    vectors, _ = people(8, 4, seed=2, noise=1.0)
    rate = stranger_rate(0.01, 31)
    first = clusters(vectors, calibration, rate)
    order = np.random.default_rng(1).permutation(len(vectors))
    again = clusters(vectors[order], calibration, rate)
    assert {frozenset(rows) for rows in first} == {frozenset(order[rows]) for rows in again}
    assert clusters(vectors, calibration, rate) == first


def test_the_same_image_many_times_is_one_cluster(calibration: Calibration) -> None:
    one = np.repeat(people(1, 1)[0], 5, axis=0)
    assert clusters(one, calibration, 1e-4) == [[0, 1, 2, 3, 4]]
    assert cohesion(one) == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_are_alone(calibration: Calibration, count: int) -> None:
    vectors = people(1, 1)[0][:count]
    assert clusters(vectors, calibration, 0.01) == [[row] for row in range(count)]
    assert cohesion(vectors) is None


def test_cohesion_is_the_mean_similarity_of_two() -> None:
    vectors = people(1, 4)[0].astype(np.float64)
    expected = np.mean([vectors[i] @ vectors[j] for i in range(4) for j in range(4) if i != j])
    assert cohesion(vectors.astype(np.float32)) == pytest.approx(expected, abs=1e-6)


def test_a_probe_of_many_images_is_held_to_a_higher_threshold(calibration: Calibration) -> None:
    size = GallerySize({1: 50})
    thresholds = [
        of_fused_probes(calibration, images).threshold(0.01, size).similarity
        for images in (1, 3, 9)
    ]
    assert thresholds[0] == calibration.threshold(0.01, size).similarity
    assert thresholds == sorted(set(thresholds))
