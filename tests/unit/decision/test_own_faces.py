"""Which faces are unlike their person: made-up people whose faces scatter about a direction."""

import numpy as np
import pytest

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fusion import Vectors
from app.decision.impostor_tail import ImpostorTail
from app.decision.numbers import Floats
from app.decision.own_faces import OWN_FMR, own_limits, unlike
from tests.support.fake_bundle import random_people

DIMENSION = 64
NOBODY: Vectors = np.empty((0, DIMENSION), np.float32)


@pytest.fixture
def calibration() -> Calibration:
    """Strangers in any direction: their similarities are normal, of deviation 1/8."""
    normal = {
        "supported_fmr": 1e-5,
        "z": [-4.0, 0.0, 1.0, 2.0, 3.0, 4.0],
        "log_fmr": np.log([1.0, 0.5, 0.16, 0.023, 1.3e-3, 3e-5]).tolist(),
        "log_spread": [0.1] * 6,
    }
    return Calibration(
        Cohort.of(random_people(500, DIMENSION)).spread,
        ImpostorTail.from_dict(normal),
        mated_similarity=0.66,
        ambiguity_margin=0.01,
        evidence={"data": "made up"},
    )


def faces(person: int, count: int) -> Vectors:
    """Faces (count, 64) whose similarity to each other is about 0.66."""
    middle = random_people(1, DIMENSION, seed=person)
    away = random_people(count, DIMENSION, seed=1000 + person)
    rows = 0.81 * middle + 0.58 * away
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture
def limits(calibration: Calibration) -> Floats:
    return own_limits(calibration, 20)


def test_the_limit_is_the_one_that_strangers_seldom_reach_and_rises_with_the_templates(
    calibration: Calibration,
) -> None:
    alone = calibration.typical_rates.verification_threshold(OWN_FMR).similarity
    limits = own_limits(calibration, 100)[[0, 1, 4, 99]].tolist()
    assert limits[0] == pytest.approx(alone)
    assert limits == sorted(limits)
    m = calibration.mated_similarity
    assert limits[2] == pytest.approx(alone / np.sqrt(m + (1 - m) / 5))


def test_a_strangers_face_is_unlike_those_that_the_person_has(limits: Floats) -> None:
    found = unlike(np.concatenate([faces(1, 4)[3:], faces(2, 1)]), faces(1, 3), limits)
    assert list(found) == [1]
    assert found[1] < limits[3]


@pytest.mark.parametrize("own", [1, 3])
def test_many_photos_of_a_stranger_do_not_speak_for_each_other(limits: Floats, own: int) -> None:
    assert list(unlike(faces(2, 9), faces(1, own), limits)) == list(range(9))


def test_of_a_new_persons_photos_the_few_are_unlike_the_many(limits: Floats) -> None:
    mixed = np.concatenate([faces(1, 2), faces(2, 1), faces(1, 4)[2:]])
    assert list(unlike(mixed, NOBODY, limits)) == [2]


@pytest.mark.parametrize("each", [1, 2])
def test_where_no_more_than_half_belong_together_all_are_unlike(limits: Floats, each: int) -> None:
    mixed = np.concatenate([faces(1, each), faces(2, each)])
    assert list(unlike(mixed, NOBODY, limits)) == list(range(2 * each))


def test_one_photo_of_somebody_new_is_like_them(limits: Floats) -> None:
    assert unlike(faces(1, 1), NOBODY, limits) == {}
    assert unlike(NOBODY, NOBODY, limits) == {}


def test_right_photos_are_like_their_person_in_any_order(limits: Floats) -> None:
    for person in range(200):
        mine = faces(person, 6)
        assert unlike(mine, NOBODY, limits) == {}
        assert unlike(mine[1:], mine[:1], limits) == {}
