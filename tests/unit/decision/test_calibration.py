"""What the similarities of a bundle are worth where no gallery is known."""

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
@pytest.mark.parametrize("common", [0.0, 0.25, 0.5])
def test_two_strangers_are_a_match_as_often_as_stated_whatever_their_kind(
    common: float, target: float
) -> None:
    vectors = people(200, 1, seed=5, common=common)[0]
    found = []
    for one, other in zip(*np.triu_indices(200, 1), strict=True):
        if (one + other) % 4 == 0:
            rates = bundle().between(vectors[one], vectors[other])
            found.append(rates.fmr(float(vectors[one] @ vectors[other])))
    # Of a kind that the bundle's people are not, strangers are more alike than these show.
    assert (
        0.5 * target < np.mean(np.array(found) <= target) < (1.6 if common <= 0.25 else 6) * target
    )


def test_the_rates_between_two_faces_are_the_same_in_either_order() -> None:
    one, other = people(2, 1, seed=5)[0]
    there, back = bundle().between(one, other), bundle().between(other, one)
    assert there.fmr(0.3) == pytest.approx(back.fmr(0.3), rel=1e-12)
    assert there.verification_threshold(0.01) == there.threshold(0.01)


def test_two_typical_faces_are_between_all() -> None:
    vectors = people(100, 1, seed=5)[0]
    limits = [
        bundle().between(one, other).limit(0.01)
        for one, other in zip(vectors[:50], vectors[50:], strict=True)
    ]
    assert min(limits) < bundle().typical_rates.limit(0.01) < max(limits)
