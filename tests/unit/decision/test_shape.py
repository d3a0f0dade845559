"""The shape of the impostor scores, where its place is known only so well."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.decision.shape import ScoreShape
from tests.unit.decision.calibrations import shapes

_DEVIATIONS = np.arange(-3, 8, 0.05)
_NORMAL = ScoreShape(
    _DEVIATIONS, stats.norm.logsf(_DEVIATIONS), np.full(len(_DEVIATIONS), 0.2), 1e-5
)


@pytest.mark.parametrize("error", [0.1, 0.5])
def test_a_rate_averaged_over_an_uncertain_mean_is_that_of_a_wider_normal(error: float) -> None:
    averaged = _NORMAL.averaged(error, 0.0)
    at = np.arange(0, 4.5, 0.5)
    wider = stats.norm.logsf(at / np.sqrt(1 + error**2))
    np.testing.assert_allclose(averaged.log_rate(at), wider, atol=0.02)
    assert (averaged.spread(at) >= _NORMAL.spread(at)).all()


def test_a_rate_averaged_over_an_uncertain_deviation_is_that_of_the_mixture() -> None:
    rng = np.random.default_rng(0)
    stretches = np.exp(0.1 * rng.normal(size=20_000))
    averaged = _NORMAL.averaged(0.0, 0.1)
    for at in (1.0, 2.5, 4.0):
        mixture = np.log(stats.norm.sf(at / stretches).mean())
        assert averaged.log_rate(np.array([at]))[0] == pytest.approx(mixture, abs=0.05)


@given(shapes(), st.floats(0, 1), st.floats(0, 0.3))
def test_an_averaged_rate_is_a_falling_rate_of_its_own(
    shape: ScoreShape, mean_error: float, deviation_error: float
) -> None:
    averaged = shape.averaged(mean_error, deviation_error)
    assert (np.diff(averaged.log_fmr) <= 1e-12).all()
    assert averaged.log_fmr[0] <= 0


def test_what_is_known_exactly_needs_no_averaging() -> None:
    assert _NORMAL.averaged(0.0, 0.0) is _NORMAL


def test_where_nobody_was_seen_the_upper_bound_stays_at_the_rule_of_three() -> None:
    pairs = 30 / _NORMAL.supported_fmr
    far = np.array([7.0])
    assert np.exp(_NORMAL.log_rate(far))[0] < 1e-11
    assert np.exp(_NORMAL.bound(far, 1.96))[0] == pytest.approx(3.7 / pairs, rel=1e-3)
    near = np.array([1.0])
    expected = _NORMAL.log_rate(near) + 1.96 * _NORMAL.spread(near)
    np.testing.assert_allclose(_NORMAL.bound(near, 1.96), expected, atol=1e-4)
    assert _NORMAL.bound(far, -1.96) < _NORMAL.log_rate(far)
