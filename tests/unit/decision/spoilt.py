"""People made of numbers, whole and spoilt: those of one kind of damage have much in common."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.calibration_file import from_json
from app.decision.fusion import Vectors
from app.decision.recognisability import Recognisability
from app.decision.recognisability_fit import fit_recognisability
from tests.support.fake_bundle import fake_calibration, random_people

DIMENSION, KINDS = 64, 5


@dataclass(frozen=True)
class Faces:
    whole: Vectors
    spoilt: Vectors
    same: Vectors
    kinds: NDArray[np.str_]


@cache
def faces(people: int = 300, *, seed: int = 0) -> Faces:
    """One whole face of each person, and one spoilt in each of five ways."""
    rng = np.random.default_rng(99)  # the damage is the same for all people
    common = rng.normal(size=(KINDS, DIMENSION))
    common /= np.linalg.norm(common, axis=1, keepdims=True)
    common[:, 0] += 1.5  # all damage has something in common
    whole = random_people(people, DIMENSION, seed=seed)
    rows = 0.1 * whole[:, None] + 0.45 * common[None]
    rows += 0.05 * np.random.default_rng(seed).normal(size=rows.shape)
    spoilt = (rows / np.linalg.norm(rows, axis=2, keepdims=True)).reshape(-1, DIMENSION)
    kinds = np.tile([f"kind {i}" for i in range(KINDS)], people)
    return Faces(whole, spoilt.astype(np.float32), np.repeat(whole, KINDS, axis=0), kinds)


@cache
def learned() -> Recognisability:
    """The recognisability learned from people whom no test enrols."""
    some = faces(seed=1)
    found = fit_recognisability(some.whole, some.spoilt, some.kinds, some.same)
    assert found is not None
    return found


def calibration(*, knows_spoilt: bool = True) -> Calibration:
    found = from_json(fake_calibration(DIMENSION))
    return replace(found, recognisability=learned() if knows_spoilt else None)
