"""Rates in a gallery: by its own people, and by the bundle's while these are few."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.fusion import Vectors
from app.decision.gallery_rates import WEIGHT, GalleryRates, typical_norm
from app.decision.rates import MOST_MASKED, GallerySize
from tests.unit.decision.people import people

DIMENSION = 64


@cache
def bundle() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="people of numbers", margin=0.03)


def gallery_of(enrolled: Vectors, *, factor: float = 1.0) -> GalleryRates:
    size = GallerySize(len(enrolled), len(enrolled))
    return GalleryRates(bundle(), Cohort.of(enrolled), size, factor)


def slow_z(enrolled: Vectors, probe: Vectors, candidate: int) -> float:
    """Student's t of the candidate among everybody else and the bundle's people, and the normal
    quantile of its probability, as Wallace has it.
    """
    scores = enrolled.astype(np.float64) @ probe.astype(np.float64)
    prior, spread = bundle().typical.mean, bundle().typical.deviation ** 2
    others = np.delete(scores, candidate)
    n = len(others)
    mean = (others.sum() + WEIGHT.mean * prior) / (n + WEIGHT.mean)
    squares = ((others - mean) ** 2).sum() + WEIGHT.mean * (prior - mean) ** 2
    variance = (squares + WEIGHT.spread * spread) / (n + WEIGHT.spread)
    t = (scores[candidate] - mean) / np.sqrt(variance * (1 + 1 / (n + WEIGHT.mean)))
    freedom = n + WEIGHT.spread
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    return float(np.copysign(scale * np.sqrt(freedom * np.log1p(t**2 / freedom)), t))


def bundle_alone(away: float) -> float:
    """The standardised score ``away`` deviations above the mean, by the bundle's people alone."""
    freedom = WEIGHT.spread
    t = away / np.sqrt(1 + 1 / WEIGHT.mean)
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    return float(np.copysign(scale * np.sqrt(freedom * np.log1p(t**2 / freedom)), t))


@pytest.mark.parametrize("persons", [1, 2, 3, 10, 200])
def test_each_candidate_is_judged_by_everybody_else(persons: int) -> None:
    enrolled, probe = people(persons, 1, seed=1)[0], people(1, 1, seed=2)[0]
    norm = gallery_of(enrolled).norms(probe)
    found = norm.z((enrolled @ probe[0]).astype(np.float64))
    expected = [slow_z(enrolled, probe[0], at) for at in range(persons)]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_member_is_judged_by_all_others_without_itself() -> None:
    enrolled = people(30, 1, seed=1)[0]
    norms = gallery_of(enrolled).norms(enrolled, without=np.ones(30))
    for one, other in product((0, 7), (3, 20)):
        rest = np.delete(enrolled, one, axis=0)
        expected = slow_z(rest, enrolled[one], other - (other > one))
        similarity = np.array([enrolled[one] @ enrolled[other]], np.float64)
        assert norms.one(one).z(similarity)[0] == pytest.approx(expected, abs=1e-3)


def test_many_probes_at_once_have_the_rates_of_each() -> None:
    rates = gallery_of(people(50, 1, seed=1)[0])
    probes = people(9, 1, seed=2)[0]
    for row, found in enumerate(rates.of(probes)):
        (alone,) = rates.of(probes[row : row + 1])
        assert found.threshold(0.01).similarity == pytest.approx(
            alone.threshold(0.01).similarity, abs=1e-12
        )
    assert rates.of(probes[:0]) == []


def test_an_empty_gallery_has_the_bundles_people() -> None:
    rates = GalleryRates(
        bundle(), Cohort.of(np.empty((0, DIMENSION), np.float32)), GallerySize(0, 0)
    )
    probe = people(1, 1, seed=2)[0]
    (found,) = rates.of(probe)
    mean, deviation = bundle().typical.mean, bundle().typical.deviation
    for away in (-1.0, 0.0, 2.5):
        z = found.norm.z(np.array([mean + away * deviation]))[0]
        assert z == pytest.approx(bundle_alone(away), abs=1e-6)
    assert found.fpir(1.0) == 0


@pytest.mark.parametrize("copies", [1, 2, 30])
@pytest.mark.filterwarnings("error")
def test_people_who_are_all_the_same_are_rated_by_numbers(copies: int) -> None:
    same = np.repeat(people(1, 1, seed=1)[0], copies, axis=0)
    rates = gallery_of(same)
    for probe in (same[:1], people(1, 1, seed=2)[0]):
        (found,) = rates.of(probe)
        threshold = found.threshold(0.01)
        assert np.isfinite([threshold.similarity, *threshold.interval]).all()
        assert 0 <= found.fpir(float(same[0] @ probe[0])) <= 1


@pytest.mark.parametrize("names", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("persons", [5, 10, 300])
def test_names_of_one_person_do_not_hide_behind_each_other(persons: int, names: int) -> None:
    """Each would be a stranger to whom the probe is as near as to the other."""
    vectors = people(persons, 6, seed=1, noise=0.4)[0].reshape(persons, 6, DIMENSION)
    enrolled = np.concatenate([vectors[1:, 0], vectors[0, :names]])
    probe = vectors[0, 5:]
    nearest = np.sort(enrolled @ probe[0])[::-1].astype(np.float64).tolist()
    (rates,) = gallery_of(enrolled).of(probe)
    own = rates.unmasked(nearest[:MOST_MASKED], 0.01)
    assert nearest[names - 1] >= own.limit(0.01) > nearest[names]
    (of_the_others,) = gallery_of(vectors[1:, 0]).of(probe)
    expected = replace(of_the_others, persons=len(enrolled)).outside
    assert own.limit(0.01) == pytest.approx(expected.limit(0.01), abs=1e-4)


@pytest.mark.parametrize("persons", [0, 1, 2, 50])
def test_where_nobody_is_near_nobody_hides(persons: int) -> None:
    enrolled, probe = people(persons, 1, seed=1)[0], people(1, 1, seed=2)[0]
    nearest = np.sort(enrolled @ probe[0])[::-1].astype(np.float64).tolist()
    (rates,) = gallery_of(enrolled).of(probe)
    assert rates.unmasked(nearest, 1e-3) is rates


def named(enrolled: Vectors, strangers: Vectors, target: float) -> NDArray[np.bool_]:
    """Which of ``strangers`` (n, d) are named."""
    near = np.sort((strangers @ enrolled.T).astype(np.float64), axis=1)[:, : -MOST_MASKED - 1 : -1]
    rates = gallery_of(enrolled).of(strangers)
    own = [each.unmasked(row.tolist(), target) for each, row in zip(rates, near, strict=True)]
    return np.asarray(near[:, 0] >= np.array([each.limit(target) for each in own]))


@pytest.mark.parametrize("common", [0.0, 0.25, 0.5])
@pytest.mark.parametrize(("persons", "target"), [(20, 0.1), (200, 0.1), (200, 0.01)])
def test_the_promise_is_kept_however_alike_a_camera_makes_people(
    persons: int, target: float, common: float
) -> None:
    rates = []
    for seed in range(10):
        vectors = people(persons + 500, 1, seed=seed, common=common)[0]
        rates.append(named(vectors[:persons], vectors[persons:], target).mean())
    assert (0.6 if target == 0.1 else 0.3) * target < np.mean(rates) < 1.5 * target


@pytest.mark.parametrize("persons", [3, 5, 10])
def test_few_people_under_a_light_of_their_own_keep_it_nearly(persons: int) -> None:
    rates = []
    for seed in range(60):
        vectors = people(persons + 200, 1, seed=seed, common=0.5)[0]
        rates.append(named(vectors[:persons], vectors[persons:], 0.1).mean())
    assert np.mean(rates) < 0.25


def test_two_kinds_of_people_in_one_gallery_are_each_judged_by_their_own() -> None:
    """Strangers of the kind that is more alike are named as often as the others, where one
    threshold for all, even when it is right on the average, names more than twice as many.
    """
    own: list[list[float]] = [[], []]
    best: list[list[float]] = [[], []]
    for seed in range(10):
        kinds = (
            people(600, 1, seed=seed, common=0.2)[0],
            people(600, 1, seed=99 - seed, common=0.4)[0],
        )
        enrolled = np.concatenate([kind[:100] for kind in kinds])
        for at, kind in enumerate(kinds):
            own[at].append(named(enrolled, kind[100:], 0.1).mean())
            best[at] += (kind[100:] @ enrolled.T).max(axis=1).tolist()
    assert all(0.06 < np.mean(rates) < 0.15 for rates in own)
    one_for_all = np.quantile(best, 0.9)
    less, more = ((np.array(scores) >= one_for_all).mean() for scores in best)
    assert more > 2 * less


def test_the_rate_of_a_similarity_is_how_often_strangers_reach_it() -> None:
    """By brute force: each stranger's best score against everybody, at fixed rates."""
    stated = []
    for seed in range(10):
        vectors = people(550, 1, seed=seed, common=0.4)[0]
        enrolled, strangers = vectors[:50], vectors[50:]
        best = (strangers @ enrolled.T).max(axis=1).astype(np.float64)
        found = gallery_of(enrolled).of(strangers)
        stated += [each.fpir(score) for each, score in zip(found, best, strict=True)]
    for rate in (0.5, 0.2, 0.05):
        assert np.mean(np.array(stated) <= rate) == pytest.approx(rate, rel=0.3)


def test_a_factor_of_reports_makes_it_stricter() -> None:
    enrolled, probe = people(50, 1, seed=1)[0], people(1, 1, seed=2)[0]
    plain, reported = (gallery_of(enrolled, factor=factor) for factor in (1.0, 5.0))
    assert reported.of(probe)[0].limit(0.01) > plain.of(probe)[0].limit(0.01)
    assert reported.typical.limit(0.01) > plain.typical.limit(0.01)


def test_a_typical_probe_is_in_the_middle_of_all() -> None:
    """Its threshold is what one person more, who is not yet enrolled, would have to reach."""
    rates = gallery_of(people(100, 1, seed=1, common=0.4)[0])
    probes = rates.of(people(200, 1, seed=2, common=0.4)[0])
    limits = [each.outside.limit(0.01) for each in probes]
    typical = rates.typical.limit(0.01)
    assert np.quantile(limits, 0.3) < typical < np.quantile(limits, 0.7)


@pytest.mark.parametrize("persons", [0, 1])
def test_fewer_than_two_people_say_nothing_of_a_typical_probe(persons: int) -> None:
    norm = typical_norm(bundle().typical, Cohort.of(people(1, 1)[0][:persons]).spread)
    typical = bundle().typical
    for away in (0.0, 2.5):
        at = np.array([typical.mean + away * typical.deviation])
        assert norm.z(at)[0] == pytest.approx(bundle_alone(away), abs=1e-6)


def test_with_very_many_people_the_bundles_say_nothing() -> None:
    enrolled, probe = people(5000, 1, seed=1, common=0.6)[0], people(1, 1, seed=2, common=0.6)[0]
    norm = gallery_of(enrolled).norms(probe)
    scores = (enrolled @ probe[0]).astype(np.float64)
    assert norm.mean[0] == pytest.approx(scores.mean(), abs=1e-3)
    assert np.sqrt(norm.squares[0] / 5000) == pytest.approx(scores.std(), abs=1e-3)
    expected = (0.5 - scores.mean()) / scores.std()
    assert norm.z(np.array([0.5]))[0] == pytest.approx(expected, abs=0.02)
    assert stats.norm.sf(norm.z(np.array([0.5]))[0]) < 0.5
