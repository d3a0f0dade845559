"""Bursts at a door: whose are tried where, what each rule names, and whether the rate is kept."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from app.decision.fusion import Vectors
from app.decision.numbers import Floats
from app.errors import InvalidRequest
from app.evaluation.bursts import TARGETS, Bursts, DoorEvaluation, Rule, evaluate_bursts
from app.evaluation.rates import Rate
from tests.unit.evaluation.galleries import DIMENSION, calibration


def unit(rows: Floats) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def bursts_of(
    templates: Sequence[int], *, frames: int = 5, stray: float = 0.5, seed: int = 0
) -> Bursts:
    """People with this many templates each and a burst whose frames ``stray`` from one photo."""
    rng = np.random.default_rng(seed)
    persons = len(templates)
    common = np.zeros(DIMENSION)
    common[0] = 2.0
    centres = rng.normal(size=(persons, DIMENSION)) + common * rng.gamma(2, 0.5, (persons, 1))
    owners = np.repeat(np.arange(persons), templates)
    subjects = np.repeat(np.arange(persons), frames)
    photos = centres + 0.6 * rng.normal(size=centres.shape)
    return Bursts(
        templates=unit(centres[owners] + 0.6 * rng.normal(size=(len(owners), DIMENSION))),
        owners=owners,
        frames=unit(photos[subjects] + stray * rng.normal(size=(len(subjects), DIMENSION))),
        subjects=subjects,
        people=[f"p{number}" for number in range(persons)],
        offered=len(subjects),
        without=0,
    )


def measured(bursts: Bursts, *, frames: int = 5, seed: int = 0) -> DoorEvaluation:
    return evaluate_bursts(bursts, calibration(), frames=frames, seed=seed)


def rate(of: DoorEvaluation, target: float, rule: Rule) -> tuple[Rate, Rate]:
    point = next(each for each in of.operating_points if each.target == target)
    result = next(each for each in point.rules if each.rule == rule)
    return result.fpir, result.tpir


@cache
def many() -> DoorEvaluation:
    return measured(bursts_of([2] * 40 + [0] * 200, stray=0.9))


def test_each_half_is_enrolled_and_everybody_else_is_a_stranger() -> None:
    found = measured(bursts_of([1] * 7 + [0] * 5))
    assert found.galleries == (4, 3)
    assert found.mated_bursts == 7
    assert found.stranger_bursts == 2 * 12 - 7
    assert [each.target for each in found.operating_points] == list(TARGETS)
    fpir, tpir = rate(found, 0.1, "mean")
    assert (fpir.trials, fpir.persons, tpir.trials, tpir.persons) == (17, 12, 7, 7)
    assert rate(found, 0.1, "single_frame")[0].trials == 17 * 5


def test_the_mean_keeps_the_stated_rate_and_any_frame_does_not() -> None:
    for target in (0.1, 0.01):
        mean, _ = rate(many(), target, "mean")
        alone, _ = rate(many(), target, "mean_alone")
        single, _ = rate(many(), target, "single_frame")
        assert mean.low <= target
        assert mean.events <= alone.events
        assert alone.rate <= single.rate
    maximum, _ = rate(many(), 0.1, "maximum")
    assert maximum.low > 0.1
    assert maximum.rate > 2 * rate(many(), 0.1, "single_frame")[0].rate


def test_the_mean_finds_more_people_than_one_frame_where_most_are_found() -> None:
    found = measured(bursts_of([3] * 40, stray=0.9))
    assert rate(found, 0.1, "single_frame")[1].rate > 0.6
    assert rate(found, 0.1, "mean")[1].rate > rate(found, 0.1, "single_frame")[1].rate


def test_of_one_frame_every_rule_says_the_same() -> None:
    found = measured(bursts_of([2] * 20 + [0] * 30, frames=1), frames=1)
    for point in found.operating_points:
        assert len({(each.fpir, each.tpir) for each in point.rules}) == 1
        assert point.disagreed == 0


def test_one_seed_gives_the_same_numbers() -> None:
    bursts = bursts_of([2] * 12 + [0] * 10)
    assert measured(bursts, seed=3) == measured(bursts, seed=3)
    assert measured(bursts, seed=3) != measured(bursts, seed=4)


def test_frames_of_two_people_are_counted_as_those_that_disagree() -> None:
    """Everybody's burst is half their own and half the next one's."""
    bursts = bursts_of([3] * 20, frames=4, stray=0.1)
    frames = bursts.frames.reshape(20, 4, DIMENSION).copy()
    frames[:, 2:] = np.roll(frames, 1, axis=0)[:, 2:]
    mixed = Bursts(
        bursts.templates,
        bursts.owners,
        frames.reshape(-1, DIMENSION),
        bursts.subjects,
        bursts.people,
        bursts.offered,
        bursts.without,
    )
    found = measured(mixed, frames=4)
    fpir, tpir = rate(found, 0.1, "mean")
    assert rate(found, 0.1, "maximum")[1].rate > 0.4
    assert tpir.rate < 0.2
    assert fpir.rate < 0.1
    assert sum(each.disagreed for each in found.operating_points) > 0


@pytest.mark.parametrize(("templates", "said"), [([0, 0], "0 of 2"), ([2, 0, 0], "1 of 3")])
def test_too_few_people_are_refused(templates: list[int], said: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{said} people here have both a photo"):
        bursts_of(templates)


def test_progress_counts_people_with_a_burst() -> None:
    bursts, steps = bursts_of([1] * 4 + [0] * 3), list[int]()
    evaluate_bursts(bursts, calibration(), frames=5, seed=0, done=steps.append)
    assert steps == [1] * (len(bursts.people) - bursts.unseen)
