"""A calibration made from some people keeps its promise on others, never seen."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.calibration_file import from_json, to_json
from app.decision.cohort import Cohort
from app.decision.fit import _Body, _rates, fit
from app.decision.fusion import Vectors, fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.pareto import Pareto
from app.decision.rates import GallerySize, Threshold

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
    """The FPIR of 5,000 strangers in galleries of unseen people, fused from two images each."""
    probes, _ = people(5000, 1, seed=2)
    templates, owners = people(1500, 2, seed=3)
    enrolled = fuse_persons(templates, owners).vectors
    scores = probes @ enrolled.T
    named = []
    for start in range(0, 1500, persons):
        part = slice(start, start + persons)
        size = GallerySize(persons, 2 * persons)
        rates = GalleryRates(calibration, Cohort.of(enrolled[part]), size).of(probes)
        limits = np.array([each.limit(target) for each in rates])
        named.append((scores[:, part].max(axis=1) >= limits).mean())
        if len(named) == 5:
            break
    return float(np.mean(named))


def typical(calibration: Calibration, target: float, persons: int) -> Threshold:
    """The threshold of a typical probe among people like those of the calibration."""
    return calibration.typical_rates.among(persons).threshold(target)


@pytest.mark.parametrize("persons", [10, 100, 500])
@pytest.mark.parametrize("target", [0.1, 0.01])
def test_the_stated_rate_is_kept_on_people_never_seen(persons: int, target: float) -> None:
    measured = measured_fpir(calibrated(), persons, target)
    assert measured <= 1.25 * target
    assert measured >= 0.25 * target


@pytest.mark.parametrize("persons", [100, 500])
def test_a_rate_beyond_the_data_is_kept_by_staying_below_it(persons: int) -> None:
    assert typical(calibrated(), 0.001, persons).extrapolated
    assert measured_fpir(calibrated(), persons, 0.001) <= 0.001


def test_the_evidence_says_what_it_rests_on() -> None:
    evidence = calibrated().evidence
    assert evidence["data"] == "the sphere"
    assert evidence["contract_id"] == "contract"
    assert evidence["images"] == 2100
    assert evidence["identities"] == 700 + DOUBLE_NAMES
    assert calibrated().ambiguity_margin == 0.01


def test_a_calibration_made_can_be_read_back() -> None:
    read = from_json(to_json(calibrated()))
    assert to_json(read) == to_json(calibrated())
    for target in (0.1, 0.01):
        expected = typical(calibrated(), target, 100).similarity
        assert typical(read, target, 100).similarity == pytest.approx(expected, abs=1e-4)


def test_the_order_of_the_images_does_not_matter() -> None:
    embeddings, owners = people(80, 2, seed=4)
    shuffled = np.random.default_rng(0).permutation(len(owners))
    one = fit(embeddings, names(owners), contract_id="c", data="d", margin=0.0)
    other = fit(
        embeddings[shuffled], names(owners[shuffled]), contract_id="c", data="d", margin=0.0
    )
    assert typical(one, 0.05, 50).similarity == pytest.approx(
        typical(other, 0.05, 50).similarity, abs=1e-3
    )


def test_progress_goes_from_nothing_to_everything() -> None:
    progress = list[float]()
    embeddings, owners = people(60, 2, seed=5)
    fit(embeddings, names(owners), contract_id="c", data="d", margin=0.0, progress=progress.append)
    assert progress == sorted(progress)
    assert progress[-1] == 1.0


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
    """To a network that has collapsed everybody is the same."""
    rows = 1 + noise * np.random.default_rng(0).normal(size=(120, DIMENSION))
    with pytest.raises(ValueError, match="looks the same"):
        fit(unit(rows), names(np.repeat(np.arange(60), 2)), contract_id="c", data="d", margin=0.0)


@pytest.mark.parametrize("offset", [0.0, 1e-9, 1e-6, 1e-4, 0.02])
def test_no_two_points_of_the_curve_become_one_when_they_are_rounded(offset: float) -> None:
    """The counted body meets the fitted tail, at any distance left between the two."""
    z = np.linspace(-10, 10, 2001)
    body = _Body(z, np.interp(z, [-10, -9.99, 4, 10], [1, 0.999, 1e-3, 0]))
    threshold = body.quantile(0.999) + 200 * 0.05 + offset
    found, log_fmr = _rates(body, Pareto(threshold, -0.1, 0.5), 1e-3)
    assert (np.diff(found.round(4)) > 0).all()
    assert (np.diff(log_fmr) <= 0).all()


def width(calibration: Calibration) -> float:
    low, high = typical(calibration, 0.01, 30).interval
    return float(np.log(high / low))


def fitted(identities: int, images: int, *, seed: int = 0) -> Calibration:
    vectors, owners = people(identities, images, seed=seed)
    return fit(vectors, names(owners), contract_id="numbers", data="numbers", margin=0.03)


def test_fewer_people_say_a_wider_interval() -> None:
    assert width(fitted(80, 2)) > 1.3 * width(fitted(600, 2))


def test_more_pictures_of_the_same_people_are_hardly_more_evidence() -> None:
    two, eight = fitted(100, 2), fitted(100, 8)
    assert width(eight) > 0.6 * width(two)
    assert eight.tail.supported_fmr == two.tail.supported_fmr


def test_the_interval_holds_the_rate_that_many_other_people_have() -> None:
    reference, size = fitted(1500, 2, seed=99), GallerySize(30, 30)
    everybody = Cohort.of(fuse_persons(*people(1500, 2, seed=99)).vectors)
    held = 0
    for seed in range(12):
        few = fitted(150, 2, seed=seed)
        threshold = GalleryRates(few, everybody, size).typical.threshold(0.01)
        low, high = threshold.interval
        true = GalleryRates(reference, everybody, size).typical
        held += low <= true.fpir(threshold.similarity) <= high
    assert held >= 10  # of 12, for an interval of 95 %


def test_a_person_does_not_belong_to_those_who_judge_it() -> None:
    """Scores of everybody's images against all others have the mean 0 and the deviation 1."""
    tail = calibrated().tail
    z = np.linspace(tail.z[0], tail.z[-1], 20_001)
    reached = np.exp(tail.log_rate(z))
    mean = z[0] + np.trapezoid(reached, z)
    square = z[0] ** 2 + np.trapezoid(2 * z * reached, z)
    assert mean == pytest.approx(0, abs=0.02)
    assert np.sqrt(square - mean**2) == pytest.approx(1, abs=0.03)
