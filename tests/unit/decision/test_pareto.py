"""The fitted tail, against SciPy's generalised Pareto distribution."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import genpareto

from app.decision.pareto import Pareto, fit_pareto

THRESHOLD = 0.4
SCALE = 0.05
SHAPES = [-0.35, -0.2, -0.05, 0.1, 0.3]
RARE = [1e-2, 1e-3, 1e-4]


def drawn(shape: float, count: int = 8000, seed: int = 0) -> NDArray[np.float64]:
    values = genpareto.rvs(
        shape, loc=THRESHOLD, scale=SCALE, size=count, random_state=np.random.default_rng(seed)
    )
    return np.asarray(values, np.float64)


def fitted(values: NDArray[np.float64], *, censored: float = 0.0) -> Pareto:
    return fit_pareto(values, np.ones(len(values)), threshold=THRESHOLD, censored=censored)


@pytest.mark.parametrize("shape", SHAPES)
def test_survival_is_that_of_the_distribution(shape: float) -> None:
    ends = THRESHOLD - SCALE / shape if shape < 0 else 1.0
    values = np.linspace(THRESHOLD, ends, 50)[:-1]
    expected = genpareto.logsf(values, shape, loc=THRESHOLD, scale=SCALE)
    np.testing.assert_allclose(
        Pareto(THRESHOLD, shape, SCALE).log_survival(values), expected, atol=1e-9
    )


def test_beyond_the_end_of_a_bounded_tail_is_nobody() -> None:
    assert Pareto(THRESHOLD, -0.5, SCALE).log_survival(np.array([0.51])) == [-np.inf]


@pytest.mark.parametrize("shape", SHAPES)
def test_known_parameters_are_recovered(shape: float) -> None:
    tail = fitted(drawn(shape))
    assert tail.shape == pytest.approx(shape, abs=0.05)
    assert tail.scale == pytest.approx(SCALE, rel=0.08)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_fit_is_as_likely_as_scipys(shape: float) -> None:
    """A grid in one dimension against SciPy's search in two."""
    values = drawn(shape, 1000)
    tail = fitted(values)
    own = genpareto.logpdf(values, tail.shape, loc=THRESHOLD, scale=tail.scale).sum()
    theirs = genpareto.fit(values, floc=THRESHOLD)
    assert own >= genpareto.logpdf(values, *theirs).sum() - 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_censoring_the_largest_changes_little_where_nothing_is_wrong(shape: float) -> None:
    values = drawn(shape)
    assert fitted(values, censored=80).shape == pytest.approx(shape, abs=0.07)


@pytest.mark.parametrize("seed", range(3))
def test_label_errors_hardly_move_a_tail_that_censors_them(seed: int) -> None:
    """The same person under two names looks like a perfect impostor."""
    clean = drawn(-0.2, seed=seed)
    wrong = np.concatenate([clean, np.random.default_rng(1).uniform(0.8, 1.0, 8)])
    rare = THRESHOLD + genpareto.isf(RARE, -0.2, scale=SCALE)
    robust = np.exp(fitted(wrong, censored=40).log_survival(rare))
    assert (robust / np.exp(fitted(clean).log_survival(rare)) < [1.3, 1.6, 2.2]).all()
    assert robust[1] == pytest.approx(RARE[1], rel=0.8)
    assert np.exp(fitted(wrong).log_survival(rare[1:2])) > 5 * robust[1]


def test_a_weight_of_two_is_the_same_score_twice() -> None:
    values = drawn(-0.1, 500)
    twice = fitted(np.repeat(values, 2), censored=10)
    heavy = fit_pareto(values, np.full(len(values), 2.0), threshold=THRESHOLD, censored=10)
    assert heavy.shape == pytest.approx(twice.shape)
    assert heavy.scale == pytest.approx(twice.scale)


def test_too_few_scores_are_no_tail() -> None:
    with pytest.raises(ValueError, match="too few"):
        fitted(drawn(0.1, 40), censored=20)
