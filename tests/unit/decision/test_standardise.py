"""Standardised scores, against a slow twin that takes the candidate out and asks SciPy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.decision.cohort import Spread
from app.decision.standardise import MOST_RAISED, NO_WEIGHT, Norms, Weight
from tests.unit.decision.calibrations import norms

scores = st.lists(st.floats(-0.5, 0.9), min_size=6, max_size=40).filter(
    lambda some: np.std(some[1:]) > 1e-3
)
weights = st.sampled_from([NO_WEIGHT, Weight(3.0, 20.0), Weight(5.0, 5.0)])
PRIOR_MEAN, PRIOR_DEVIATION = 0.1, 0.2


def norm_of(some: list[float], weight: Weight, *, inside: bool) -> Norms:
    """The norm of one probe with these similarities, and the bundle's people."""
    w = len(some) + weight.mean
    mean = (np.sum(some) + weight.mean * PRIOR_MEAN) / w
    squares = np.sum((np.array(some) - mean) ** 2) + weight.mean * (PRIOR_MEAN - mean) ** 2
    squares += weight.spread * PRIOR_DEVIATION**2
    return Norms(float(len(some)), np.array([mean]), np.array([squares]), weight, inside=inside)


def students(candidate: float, others: list[float], weight: Weight) -> tuple[float, float]:
    """Student's t of one more score than ``others``, and its degrees of freedom."""
    n, alone = len(others), norm_of(others, weight, inside=False)
    mean, squares = float(alone.mean[0]), float(alone.squares[0])
    variance = squares / (n + weight.spread) * (1 + 1 / (n + weight.mean))
    return (candidate - mean) / np.sqrt(variance), n + weight.spread


def exact(t: float, freedom: float) -> float:
    """The normal quantile of the same tail probability."""
    return float(np.copysign(-stats.norm.ppf(stats.t.sf(abs(t), freedom)), t))


def wallace(t: float, freedom: float) -> float:
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    return float(np.copysign(scale * np.sqrt(freedom * np.log1p(t**2 / freedom)), t))


@given(scores, weights)
def test_a_candidate_is_judged_by_the_others(some: list[float], weight: Weight) -> None:
    found = norm_of(some, weight, inside=True).z(np.array(some[:1]))[0]
    t, freedom = students(some[0], some[1:], weight)
    assert found == pytest.approx(wallace(t, freedom), rel=1e-6, abs=1e-6)
    if abs(t) < 5:
        assert found == pytest.approx(exact(t, freedom), abs=0.13 * 4 / freedom)


@given(scores, weights, st.floats(-1, 1))
def test_a_candidate_who_is_not_in_the_cohort_is_judged_by_all(
    some: list[float], weight: Weight, candidate: float
) -> None:
    found = norm_of(some[1:], weight, inside=False).z(np.array([candidate]))[0]
    t, freedom = students(candidate, some[1:], weight)
    assert found == pytest.approx(wallace(t, freedom), rel=1e-6, abs=1e-6)


@given(scores, weights, st.booleans())
def test_one_person_joins_or_leaves(some: list[float], weight: Weight, inside: bool) -> None:
    joined = norm_of(some[1:], weight, inside=inside).joined(np.array(some[:1]))
    whole = norm_of(some, weight, inside=inside)
    assert (joined.persons, joined.inside) == (whole.persons, inside)
    assert joined.mean == pytest.approx(whole.mean)
    assert joined.squares == pytest.approx(whole.squares)
    left = whole.without(np.array(some[:1]))
    alone = norm_of(some[1:], weight, inside=inside)
    assert (left.persons, left.inside) == (alone.persons, inside)
    assert left.mean == pytest.approx(alone.mean)
    assert left.squares == pytest.approx(alone.squares)


def test_what_is_known_leaves_nothing_open() -> None:
    norm = Norms.known(np.array([0.1]), np.array([0.2]))
    np.testing.assert_allclose(norm.z(0.1 + 0.2 * np.array([-2.0, 0.0, 1.0, 4.0])), [-2, 0, 1, 4])


def test_the_bundles_people_alone_leave_the_camera_open() -> None:
    """An empty gallery has the mean and the spread of some other camera."""
    norm = norm_of([], Weight(3.0, 20.0), inside=False)
    for away in (-2.0, 1.0, 4.0):
        t = away / np.sqrt(1 + 1 / 3)
        found = norm.z(np.array([PRIOR_MEAN + away * PRIOR_DEVIATION]))[0]
        assert found == pytest.approx(exact(t, 20), abs=0.03)


@pytest.mark.parametrize("freedom", [4, 5, 10, 30, 1000])
def test_it_is_the_normal_quantile_of_the_same_probability(freedom: int) -> None:
    """To 0.13 with four degrees of freedom; and never above it where people are named."""
    for z in np.arange(0.1, 5.05, 0.1):
        t = float(stats.t.isf(stats.norm.sf(z), freedom))
        found = wallace(t, freedom)
        assert exact(t, freedom) == pytest.approx(z, abs=1e-6)
        assert found == pytest.approx(z, abs=0.13 * 4 / freedom)
        if z > 2:
            assert found <= z


@given(norms(), st.floats(-6, 6))
def test_a_similarity_and_its_score_are_inverse(norm: Norms, z: float) -> None:
    found = norm.z(norm.similarity(z))[0]
    assert found == pytest.approx(z, rel=1e-6, abs=1e-6)


@given(norms(), st.floats(-1, 1), st.floats(-1, 1))
def test_a_nearer_candidate_never_has_a_lower_score(norm: Norms, one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert norm.z(np.array([low]))[0] <= norm.z(np.array([high]))[0]


def test_many_people_make_it_the_plain_score() -> None:
    norm = Norms(1e7, np.array([0.1]), np.array([0.05**2 * 1e7]), Weight(3.0, 20.0))
    at = 0.1 + 0.05 * np.array([-2.0, 0.0, 1.0, 4.0])
    np.testing.assert_allclose(norm.z(at), [-2, 0, 1, 4], atol=1e-4)


@pytest.mark.parametrize("squares", [0.0, -1e-17])
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.filterwarnings("error")
def test_people_who_are_all_the_same_to_a_probe_leave_numbers(inside: bool, squares: float) -> None:
    norm = Norms(7.0, np.array([0.3]), np.array([squares]), Weight(3.0, 20.0), inside=inside)
    low, same, high = norm.z(np.array([-1.0, 0.3, 1.0]))
    assert np.isfinite([low, high]).all()
    assert same == 0
    assert low < -5 < 5 < high
    assert np.isfinite(norm.similarity(5.0)).all()


@pytest.mark.parametrize("z", [0.0, 3.0])
@pytest.mark.parametrize("persons", [1, 4, 60])
def test_the_error_of_a_score_is_what_cameras_differ_by_while_people_are_few(
    persons: int, z: float
) -> None:
    """The cameras of the galleries are as the prior has them, without noise of their own."""
    rng, weight = np.random.default_rng(0), Weight(3.0, 20.0)
    mean = rng.normal(0, 1 / np.sqrt(weight.mean), 20_000)
    spread = np.exp(rng.normal(0, 1 / np.sqrt(2 * weight.spread), 20_000))
    w, v = weight.mean + persons, weight.spread + persons
    used_mean = persons * mean / w
    used_spread = np.sqrt((weight.spread + persons * spread**2) / v)
    found = (mean + z * spread - used_mean) / used_spread
    norm = Norms(float(persons), np.zeros(1), np.full(1, v), weight, inside=False)
    assert np.std(found) == pytest.approx(norm.error(z), rel=0.15)


def test_the_error_of_a_score_falls_as_people_come() -> None:
    errors = [
        Norms(persons, np.zeros(1), np.full(1, persons + 20), Weight(3.0, 20.0)).error(3.0)
        for persons in (1.0, 20.0, 1000.0, 1e6)
    ]
    assert 0.6 < errors[0] < 1
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.001


def test_no_score_is_far_above_that_by_the_bundles_people() -> None:
    bound = Spread(1000, 0.1, 0.1)
    picked = Norms(
        40.0, np.array([0.0, 0.3]), np.array([40 * 1e-4, 0.4]), Weight(3.0, 20.0), bound=bound
    )
    similarity = np.array([0.4, 0.5])
    alone = replace(picked, bound=None).z(similarity)
    assert alone[0] > 3 + MOST_RAISED
    assert picked.z(similarity) == pytest.approx([3 + MOST_RAISED, alone[1]])
    assert picked.similarity(3 + MOST_RAISED)[0] == pytest.approx(0.4)
    again = Norms.joint([picked.one(0), picked.one(1)])
    assert again.z(similarity).tolist() == picked.z(similarity).tolist()


@given(norms(), st.floats(-1, 1))
def test_the_bound_is_the_norm_of_the_bundles_people(norm: Norms, similarity: float) -> None:
    bound = Spread(1000, 0.1, 0.15)
    at = np.array([similarity])
    theirs = Norms.known(np.array([bound.mean]), np.array([bound.deviation]))
    bounded = replace(norm, bound=bound)
    assert bounded.z(at) == pytest.approx(
        np.minimum(norm.z(at), theirs.z(at) + MOST_RAISED), abs=1e-6
    )
    for z in (-2.0, 1.0, 4.0):
        assert bounded.z(bounded.similarity(z)) == pytest.approx(z, abs=1e-6)


@given(scores, st.floats(-1, 1))
def test_no_person_takes_away_what_the_bundles_people_add(some: list[float], since: float) -> None:
    """Somebody whose templates changed is at another similarity by now than in the sums."""
    weight, bound = Weight(3.0, 20.0), Spread(1000, PRIOR_MEAN, PRIOR_DEVIATION)
    whole = replace(norm_of(some, weight, inside=True), bound=bound)
    norm, least = whole, weight.spread * PRIOR_DEVIATION**2
    for similarity in [since, since, *some[2:]]:
        norm = norm.without(np.array([similarity]))
        assert norm.squares[0] >= least * (1 - 1e-12)
    right = whole.without(np.array(some[:1]))
    assert right.squares == pytest.approx(norm_of(some[1:], weight, inside=True).squares)


def test_each_probe_has_its_own_norm() -> None:
    both = Norms.known(np.array([0.1, 0.3]), np.array([0.05, 0.1]))
    for row in (0, 1):
        one = both.one(row)
        assert (len(one.mean), len(one.squares), one.inside) == (1, 1, False)
        assert one.z(np.array([0.4]))[0] == both.z(np.array([0.4, 0.4]))[row]
    swapped = both.rows(np.array([1, 0]))
    assert swapped.mean.tolist() == [0.3, 0.1]
