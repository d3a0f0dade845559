"""The tail of the impostor scores: its rates, its inverse and its bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.decision.impostor_tail import ImpostorTail
from tests.unit.decision.calibrations import tails

_Z = np.arange(-3, 8, 0.05)
_NORMAL = ImpostorTail(_Z, stats.norm.logsf(_Z), np.full(len(_Z), 0.2), 1e-5)


@given(tails(), st.floats(-5, 15), st.floats(-5, 15))
def test_a_higher_score_is_never_less_rare(tail: ImpostorTail, one: float, other: float) -> None:
    low, high = tail.log_rate(np.array(sorted([one, other])))
    assert high <= low <= 0


@given(tails(), st.floats(-50, -1e-6))
def test_the_score_of_a_rate_is_reached_no_more_often(tail: ImpostorTail, log_fmr: float) -> None:
    z = tail.z_at(log_fmr)
    if log_fmr < tail.log_fmr[-1]:
        assert z == np.inf
        return
    at, before = tail.log_rate(np.array([z, z - 1e-3]))
    assert at <= log_fmr + 1e-9 or z == tail.z[0]
    assert before >= log_fmr - 1e-9 or z == tail.z[0]


def test_where_nobody_was_seen_the_upper_bound_stays_at_the_rule_of_three() -> None:
    pairs = 30 / _NORMAL.supported_fmr
    far, near = np.array([7.0]), np.array([1.0])
    assert np.exp(_NORMAL.log_rate(far))[0] < 1e-11
    assert np.exp(_NORMAL.bound(far, 1.96))[0] == pytest.approx(3.7 / pairs, rel=1e-3)
    expected = _NORMAL.log_rate(near) + 1.96 * 0.2
    np.testing.assert_allclose(_NORMAL.bound(near, 1.96), expected, atol=1e-4)
    assert _NORMAL.bound(far, -1.96) < _NORMAL.log_rate(far)


def test_a_score_that_is_known_less_well_widens_the_bounds_by_what_the_rate_falls() -> None:
    at, error = np.array([3.0]), 0.3
    slope = stats.norm.pdf(3) / stats.norm.sf(3)  # of the logarithm of the rate
    expected = _NORMAL.log_rate(at) + np.array([-1, 1])[:, None] * np.hypot(0.2, slope * error)
    found = [_NORMAL.bound(at, errors, error) for errors in (-1.0, 1.0)]
    np.testing.assert_allclose(found, expected, atol=0.02)
    flat = ImpostorTail(np.array([0.0, 9.0]), np.full(2, -2.0), np.full(2, 0.2), 1e-5)
    assert flat.bound(at, -1.0, error) == flat.bound(at, -1.0)


@given(tails(), st.floats(-6, 15), st.floats(0, 3))
def test_the_bounds_hold_the_rate(tail: ImpostorTail, z: float, error: float) -> None:
    at = np.array([z])
    assert tail.bound(at, -1.96, error) <= tail.log_rate(at) <= tail.bound(at, 1.96, error) <= 0


@given(tails())
def test_a_tail_is_read_back_as_it_was_written(tail: ImpostorTail) -> None:
    read = ImpostorTail.from_dict(tail.to_dict())
    assert read.to_dict() == tail.to_dict()
    np.testing.assert_allclose(read.z, tail.z, atol=1e-4)
    np.testing.assert_allclose(read.log_fmr, tail.log_fmr, atol=1e-4)
    assert read.supported_fmr == tail.supported_fmr
