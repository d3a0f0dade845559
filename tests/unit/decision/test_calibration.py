"""The meaning of a bundle's similarities where no gallery is known."""

from functools import cache

import numpy as np
import pytest

from app.decision.calibration import Calibration
from app.decision.fit import fit
from app.decision.fusion import fuse_persons
from tests.unit.decision.people import people


@cache
def bundle() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="numbers", margin=0.03)


@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 4), (3, 3)])
def test_half_of_all_second_names_are_as_near_as_one_person_is(one: int, other: int) -> None:
    both = people(400, one + other, seed=9)[0].reshape(400, one + other, -1)
    first, second = (
        fuse_persons(part.reshape(-1, both.shape[2]), np.repeat(np.arange(400), part.shape[1]))
        for part in (both[:, :one], both[:, one:])
    )
    scores = np.sum(first.vectors * second.vectors, axis=1)
    least = bundle().same_person(first.templates, second.templates)
    assert 0.3 < (scores >= least).mean() < 0.7
    strangers = (first.vectors @ second.vectors.T)[~np.eye(400, dtype=bool)]
    assert (strangers >= least[0]).mean() < 1e-3


@pytest.mark.parametrize("target", [0.1, 0.01])
@pytest.mark.parametrize(("common", "least", "most"), [(0.0, 0.2, 0.8), (0.25, 0.7, 1.4)])
def test_two_strangers_are_a_match_at_most_as_often_as_stated_unless_they_are_of_a_kind(
    common: float, least: float, most: float, target: float
) -> None:
    """The calibration's people have 0.25 in common."""
    vectors = people(400, 1, seed=5, common=common)[0]
    limit = bundle().typical_rates.limit(target)
    reached = (vectors @ vectors.T)[np.triu_indices(400, 1)] >= limit
    assert least * target < reached.mean() < most * target


def test_a_comparison_has_one_threshold_for_verification_and_for_a_gallery_of_one() -> None:
    rates = bundle().typical_rates
    assert rates.verification_threshold(0.01) == rates.threshold(0.01)
