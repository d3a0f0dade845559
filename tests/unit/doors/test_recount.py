"""Decisions are counted again at another target by their own rates."""

import pytest

from app.doors.recount import Recount, recount

NAMED = {"person": "ada", "reason": "granted", "match": {"fpir": 0.001}}
UNKNOWN = {"person": None, "reason": "unknown_person", "match": {"fpir": 0.02}}
SEVERAL = {"person": None, "reason": "multiple_faces", "match": {"fpir": 0.0001}}
CLAIMED = {"person": "ada", "reason": "granted", "match": {"fmr": 0.5}}
BLIND = {"person": None, "reason": "no_face", "match": None}


@pytest.mark.parametrize(
    ("target", "lost", "gained"), [(0.01, 0, 0), (0.0005, 1, 0), (0.02, 0, 1), (0.001, 0, 0)]
)
def test_who_is_above_the_target_is_not_named_and_who_reaches_it_is(
    target: float, lost: int, gained: int
) -> None:
    found = recount([NAMED, UNKNOWN, SEVERAL, CLAIMED, BLIND, {}], target)
    assert found == Recount(3, lost, gained)
