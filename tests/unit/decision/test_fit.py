"""A calibration made from some people keeps its promise on others, never seen."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from app.decision.calibration import Calibration, GallerySize
from app.decision.fit import _Body, _rates, fit
from app.decision.fusion import Vectors, fuse_persons
from app.decision.tail import Tail

DIMENSION = 48
DOUBLE_NAMES = 3


def unit(rows: NDArray[np.float64]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def people(count: int, images: int, *, seed: int) -> tuple[Vectors, NDArray[np.int64]]:
    """Directions at random on the sphere, and images scattered around each."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(count, DIMENSION)))
    owners = np.repeat(np.arange(count), images)
    noise = 0.6 / np.sqrt(DIMENSION) * rng.normal(size=(len(owners), DIMENSION))
    return unit(centres[owners] + noise), owners


def names(owners: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.array([f"p{owner:05}" for owner in owners])


@cache
def calibrated() -> Calibration:
    """On 700 people of three images each, three of whom have an image under a second name."""
    embeddings, owners = people(700, 3, seed=1)
    labels = names(owners)
    for person in range(DOUBLE_NAMES):
        labels[3 * person] = f"q{person}"
    return fit(embeddings, labels, contract_id="contract", data="the sphere", margin=0.01)


def measured_fpir(calibration: Calibration, persons: int, target: float) -> float:
    """Of 5,000 strangers in galleries of unseen people, fused from two images each."""
    probes, _ = people(5000, 1, seed=2)
    templates, owners = people(1500, 2, seed=3)
    enrolled = fuse_persons(templates, owners).vectors
    scores = probes @ enrolled.T
    threshold = calibration.threshold(target, GallerySize({2: persons})).similarity
    named = [
        (scores[:, start : start + persons].max(axis=1) >= threshold).mean()
        for start in range(0, 1500, persons)
    ]
    return float(np.mean(named))


@pytest.mark.parametrize("persons", [10, 100, 500])
@pytest.mark.parametrize("target", [0.1, 0.01])
def test_the_stated_rate_is_kept_on_people_never_seen(persons: int, target: float) -> None:
    measured = measured_fpir(calibrated(), persons, target)
    assert measured <= 1.25 * target
    assert measured >= 0.4 * target


@pytest.mark.parametrize("persons", [100, 500])
def test_a_rate_beyond_the_data_is_kept_by_staying_below_it(persons: int) -> None:
    assert calibrated().threshold(0.001, GallerySize({2: persons})).extrapolated
    assert measured_fpir(calibrated(), persons, 0.001) <= 0.001


def test_the_evidence_says_what_it_rests_on() -> None:
    evidence = calibrated().evidence
    assert evidence["data"] == "the sphere"
    assert evidence["contract_id"] == "contract"
    assert evidence["images"] == 2100
    assert evidence["identities"] == 700 + DOUBLE_NAMES
    assert calibrated().ambiguity_margin == 0.01


def test_a_calibration_made_can_be_read_back() -> None:
    read = Calibration.from_dict(calibrated().to_dict())
    size = GallerySize({1: 100, 4: 50})
    expected = calibrated().threshold(0.01, size).similarity
    assert read.threshold(0.01, size).similarity == pytest.approx(expected, abs=1e-4)


def test_the_order_of_the_images_does_not_matter() -> None:
    embeddings, owners = people(80, 2, seed=4)
    shuffled = np.random.default_rng(0).permutation(len(owners))
    one = fit(embeddings, names(owners), contract_id="c", data="d", margin=0.0)
    other = fit(
        embeddings[shuffled], names(owners[shuffled]), contract_id="c", data="d", margin=0.0
    )
    size = GallerySize({1: 50})
    assert one.threshold(0.05, size).similarity == pytest.approx(
        other.threshold(0.05, size).similarity, abs=1e-3
    )


def test_progress_goes_from_nothing_to_everything() -> None:
    told = list[float]()
    embeddings, owners = people(60, 2, seed=5)
    fit(embeddings, names(owners), contract_id="c", data="d", margin=0.0, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_too_few_identities_are_refused() -> None:
    embeddings, owners = people(49, 4, seed=6)
    with pytest.raises(ValueError, match="49 identities are too few"):
        fit(embeddings, names(owners), contract_id="c", data="d", margin=0.0)


def test_one_image_each_is_refused() -> None:
    embeddings, owners = people(60, 1, seed=7)
    with pytest.raises(ValueError, match="nobody has two images"):
        fit(embeddings, names(owners), contract_id="c", data="d", margin=0.0)


@pytest.mark.parametrize("noise", [0.0, 1e-5])
def test_embeddings_that_are_all_alike_are_refused(noise: float) -> None:
    """Of a network that has collapsed: everybody is the same to it."""
    rows = 1 + noise * np.random.default_rng(0).normal(size=(120, DIMENSION))
    with pytest.raises(ValueError, match="looks the same"):
        fit(unit(rows), names(np.repeat(np.arange(60), 2)), contract_id="c", data="d", margin=0.0)


@pytest.mark.parametrize("offset", [0.0, 1e-9, 1e-6, 1e-4, 0.02])
def test_no_two_points_of_the_curve_become_one_when_they_are_rounded(offset: float) -> None:
    """Where the counted body meets the fitted tail, whatever the distance left between the two."""
    similarity = np.linspace(-1, 1, 2001)
    body = _Body(similarity, np.interp(similarity, [-1, -0.999, 0.4, 1], [1, 0.999, 1e-3, 0]))
    step = 0.05 * 0.1
    threshold = body.quantile(0.999) + 200 * step + offset
    rates = _rates(body, Tail(threshold, -0.1, 0.05), 1e-3, deviation=0.1)
    rounded = (rates[0] / 0.1).round(4)
    assert (np.diff(rounded) > 0).all()
    assert (np.diff(rates[1]) <= 0).all()
