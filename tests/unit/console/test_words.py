"""Reasons and rates are said in plain words."""

from typing import get_args

import pytest

from app.console import words
from app.console.languages import NAMES, language
from app.console.numbers import Numbers
from app.reasons import Reason
from app.replication.status import ReplicaState
from app.trail.health_data import HealthName


@pytest.mark.parametrize("code", NAMES)
def test_every_reason_is_said(code: str) -> None:
    said = words.all_said(language(code), list(Reason))
    assert len(set(said)) == len(Reason)
    assert all(said)


def test_every_state_of_a_camera_and_of_a_gallery_has_words() -> None:
    assert words.REPLICA_STATES.keys() == {each.value for each in ReplicaState}
    assert words.HEALTH.keys() == {*get_args(HealthName), "unknown"}


@pytest.mark.parametrize(
    ("fpir", "tries"),
    [(0.0, 0), (1.0, 1), (0.9, 1), (0.5, 2), (1 / 40_123, 40_000), (1 / 987, 990), (0.011, 91)],
)
def test_a_rate_is_one_of_so_and_so_many_tries(fpir: float, tries: int) -> None:
    assert words.tries(fpir) == tries


def test_the_reasons_of_a_refusal_are_found_at_its_begin() -> None:
    assert words.reasons_in("low_quality, extreme_pose: The face, no_face: x") == [
        "low_quality",
        "extreme_pose",
    ]
    assert words.reasons_in("The image is empty.") == []


@pytest.mark.parametrize(
    ("code", "rate", "text"),
    [
        ("en", 0.001, "0.1 %"),
        ("de", 0.0015, "0,15 %"),
        ("en", 1e-9, "< 0.0001 %"),
        ("de", 0, "0 %"),
    ],
)
def test_a_rate_is_written_as_the_language_does(code: str, rate: float, text: str) -> None:
    assert Numbers(code, str).percent(rate).replace("\N{NO-BREAK SPACE}", " ") == text
