"""Faces gathered by person, against a slow twin that compares all groups again at each step."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.clusters import clusters, cohesion
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.gallery_rates import WEIGHT, GalleryRates
from app.decision.rates import GallerySize, comparison_rate
from app.decision.standardise import MOST_RAISED
from tests.support.fake_bundle import random_people
from tests.unit.decision.calibrations import calibrations
from tests.unit.decision.people import people

Vectors = NDArray[np.float32]
ENROLLED = people(100, 1, seed=77)[0]


def rates_among(enrolled: Vectors, calibration: Calibration, factor: float = 1.0) -> GalleryRates:
    size = GallerySize(len(enrolled), len(enrolled))
    return GalleryRates(calibration, Cohort.of(enrolled), size, factor)


def slow_clusters(
    vectors: Vectors, enrolled: Vectors, calibration: Calibration, rate: float
) -> list[list[int]]:
    """The definition: join the two groups that the fewest strangers would be, while few are."""
    prior = calibration.typical
    limit = calibration.tail.z_at(float(np.log(rate)))
    groups = [[row] for row in range(len(vectors))]

    def centre(rows: list[int]) -> NDArray[np.float64]:
        whole: NDArray[np.float64] = vectors[rows].astype(np.float64).sum(axis=0)
        return whole / np.linalg.norm(whole)

    def score(similarity: float, probe: NDArray[np.float64], among: Vectors) -> float:
        scores = among.astype(np.float64) @ probe
        total, square = prior.mean, prior.deviation**2 + prior.mean**2
        n = len(scores)
        mean = (scores.sum() + WEIGHT.mean * total) / (n + WEIGHT.mean)
        squares = ((scores - mean) ** 2).sum() + WEIGHT.mean * (total - mean) ** 2
        variance = (squares + WEIGHT.spread * (square - total**2)) / (n + WEIGHT.spread)
        t = (similarity - mean) / np.sqrt(variance * (1 + 1 / (n + WEIGHT.mean)))
        v = n + WEIGHT.spread
        scale = (8 * v + 1) / (8 * v + 3)
        z = np.copysign(scale * np.sqrt(v * np.log1p(t**2 / v)), t)
        by_the_bundle = (similarity - total) / np.sqrt(square - total**2)
        return float(min(z, by_the_bundle + MOST_RAISED))

    def others(probe: NDArray[np.float64]) -> Vectors:
        """Those enrolled but up to five who are the probe's own person."""
        scores = enrolled.astype(np.float64) @ probe
        order, mates = np.argsort(-scores), 0
        for k in range(1, min(5, len(order)) + 1):
            if score(scores[order[k - 1]], probe, enrolled[order[k:]]) >= limit:
                mates = k
        return enrolled[order[mates:]]

    def apart(one: list[int], other: list[int]) -> float:
        centres = centre(one), centre(other)
        similarity = float(centres[0] @ centres[1])
        return min(score(similarity, each, others(each)) for each in centres)

    while len(groups) > 1:
        near = max(
            (apart(one, other), -i, -j)
            for i, one in enumerate(groups)
            for j, other in enumerate(groups)
            if i < j
        )
        if not near[0] >= limit:
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
    st.integers(0, 30),
    st.floats(1e-6, 0.5),
    st.floats(0, 1.5),
    st.integers(0, 6),
)
def test_the_clusters_are_their_definition(
    calibration: Calibration,
    seed: int,
    count: int,
    persons: int,
    rate: float,
    noise: float,
    twice: int,
) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 8))
    rows = centres[rng.integers(0, 4, count)] + noise * rng.normal(size=(count, 8))
    rows += 1e-3 * rng.normal(size=rows.shape)  # no two pairs are equally near
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    enrolled = random_people(persons, 8, seed=persons)
    enrolled = np.concatenate([vectors[:twice], enrolled])  # some of the faces are theirs
    found = clusters(vectors, rates_among(enrolled, calibration), rate, people=enrolled)
    assert sorted(row for rows in found for row in rows) == list(range(count))
    assert found == slow_clusters(vectors, enrolled, calibration, rate)


@pytest.fixture(scope="module")
def rates() -> GalleryRates:
    vectors, labels = people(800, 2)
    calibration = fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)
    return rates_among(ENROLLED, calibration)


def test_people_are_separated_and_their_pictures_gathered(rates: GalleryRates) -> None:
    vectors, labels = people(12, 5, seed=4)
    order = np.random.default_rng(0).permutation(len(vectors))
    found = clusters(vectors[order], rates, comparison_rate(0.01, len(order) - 1), people=ENROLLED)
    assert [len(rows) for rows in found] == [5] * 12
    assert all(len(set(labels[order][rows])) == 1 for rows in found)


def test_strangers_stay_alone_as_often_as_stated(rates: GalleryRates) -> None:
    joined = 0
    for seed in range(100):
        vectors, _ = people(30, 1, seed=1000 + seed)
        found = clusters(vectors, rates, comparison_rate(0.05, len(vectors) - 1), people=ENROLLED)
        joined += sum(len(rows) for rows in found if len(rows) > 1)
    assert 0.02 < joined / 3000 < 0.08


def test_the_order_of_the_images_changes_nothing(rates: GalleryRates) -> None:
    vectors, _ = people(8, 4, seed=2, noise=1.0)
    rate = comparison_rate(0.01, 31)
    first = clusters(vectors, rates, rate, people=ENROLLED)
    order = np.random.default_rng(1).permutation(len(vectors))
    again = clusters(vectors[order], rates, rate, people=ENROLLED)
    assert {frozenset(rows) for rows in first} == {frozenset(order[rows]) for rows in again}
    assert clusters(vectors, rates, rate, people=ENROLLED) == first


def test_the_same_image_many_times_is_one_cluster(rates: GalleryRates) -> None:
    one = np.repeat(people(1, 1)[0], 5, axis=0)
    assert clusters(one, rates, 1e-4, people=ENROLLED) == [[0, 1, 2, 3, 4]]
    assert cohesion(one) == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_are_alone(rates: GalleryRates, count: int) -> None:
    vectors = people(1, 1)[0][:count]
    assert clusters(vectors, rates, 0.01, people=ENROLLED) == [[row] for row in range(count)]
    assert cohesion(vectors) is None


def test_cohesion_is_the_mean_similarity_of_two() -> None:
    vectors = people(1, 4)[0].astype(np.float64)
    expected = np.mean([vectors[i] @ vectors[j] for i in range(4) for j in range(4) if i != j])
    assert cohesion(vectors.astype(np.float32)) == pytest.approx(expected, abs=1e-6)


def test_reports_of_wrong_answers_make_clusters_smaller(rates: GalleryRates) -> None:
    vectors, _ = people(200, 1, seed=3)
    plain, reported = (
        clusters(vectors, replace(rates, factor=factor), 1e-3, people=ENROLLED)
        for factor in (1.0, 1e3)
    )
    assert len(plain) < len(reported) == 200


def test_people_whose_light_makes_them_alike_are_separated_by_the_gallerys(
    rates: GalleryRates,
) -> None:
    vectors, labels = people(12, 5, seed=4, common=1.0)
    enrolled = people(100, 1, seed=78, common=1.0)[0]
    found = clusters(vectors, rates_among(enrolled, rates.bundle), 1e-4, people=enrolled)
    assert all(len(set(labels[rows])) == 1 for rows in found)
    mixed = clusters(vectors, rates, 1e-4, people=ENROLLED)
    assert len(mixed) < len(found) < 20
