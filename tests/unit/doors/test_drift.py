"""Drift of a camera: what changed by more than chance, and what did not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.doors.drift import NOW_DAYS, PAST_DAYS, Drift, Outline, Seen, drift, looked_into

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
Decisions = tuple[list[Outline], dict[int, Seen]]


def weeks(
    *,
    lower: float = 0.0,
    usable: float = 0.9,
    strangers: float = 0.1,
    people: int = 30,
    days: int = NOW_DAYS + PAST_DAYS,
    a_day: int = 40,
    seed: int = 0,
) -> Decisions:
    """Decisions of a door, at which in the last week people were ``lower`` in similarity, another
    share of frames was ``usable``, and ``strangers`` came as often.
    """
    rng = np.random.default_rng(seed)
    own = rng.normal(0.7, 0.06, people)  # people differ, and come as they like
    outlines, seen = list[Outline](), dict[int, Seen]()
    for day in range(days):
        is_now = day < NOW_DAYS
        for _ in range(a_day):
            key = len(outlines) + 1
            at = NOW - timedelta(days=day, hours=float(rng.uniform(0, 23)))
            stranger = rng.random() < (strangers if is_now else 0.1)
            who = int(rng.integers(people))
            similarity = own[who] - (lower if is_now else 0.0) + rng.normal(0, 0.04)
            share = float(np.clip(rng.normal(usable if is_now else 0.9, 0.08), 0, 1))
            reason = "unknown_person" if stranger else "granted"
            outlines.append(Outline(key, at, reason, None if stranger else f"p{who}"))
            seen[key] = Seen(None if stranger else float(similarity), share)
    return outlines, seen


def found(decisions: Decisions) -> Drift:
    return drift(*decisions, NOW)


def test_a_door_that_is_as_it_was_is_not_worse() -> None:
    worse = [found(weeks(seed=seed)).is_worse for seed in range(60)]
    assert sum(worse) == 0, "each is of 99 %, and a change must be large enough too"


def test_people_who_are_less_like_themselves_are_seen() -> None:
    one = found(weeks(lower=0.06))
    assert one.similarity is not None
    assert one.similarity.is_worse
    assert one.similarity.number == 30
    assert one.similarity.now - one.similarity.before == pytest.approx(-0.06, abs=0.02)
    assert one.similarity.low < -0.06 < one.similarity.high < 0
    assert not (one.unknown and one.unknown.is_worse)
    assert one.is_worse


def test_other_people_are_no_drift() -> None:
    """The week's guests are less like their photos than those who came before."""
    outlines, seen = weeks()
    for each in outlines:
        similarity = seen[each.key].similarity
        if each.person in {f"p{i}" for i in range(10)} and similarity is not None:
            seen[each.key] = Seen(similarity - 0.3, 0.9)
    mix = [
        each
        for each in outlines
        if each.person is None
        or (each.person in {f"p{i}" for i in range(12)})
        or (NOW - each.at) // timedelta(days=1) >= NOW_DAYS
    ]
    one = drift(mix, seen, NOW)
    assert one.similarity is not None
    assert not one.similarity.is_worse


def test_pictures_that_cannot_be_used_and_unknown_faces_are_seen() -> None:
    blurred = found(weeks(usable=0.7))
    assert blurred.usable is not None
    assert blurred.usable.is_worse
    assert blurred.usable.now == pytest.approx(0.7, abs=0.05)
    strange = found(weeks(strangers=0.4))
    assert strange.unknown is not None
    assert strange.unknown.is_worse
    assert (strange.unknown.number, strange.decisions) == (NOW_DAYS, NOW_DAYS * 40)


def test_what_is_better_than_before_is_not_worse() -> None:
    assert not found(weeks(lower=-0.1, usable=1.0, strangers=0.0)).is_worse


def test_one_morning_of_guests_is_no_drift() -> None:
    outlines, seen = weeks()
    guests = [Outline(100_000 + i, NOW, "unknown_person", None) for i in range(200)]
    one = drift([*guests, *outlines], seen, NOW)
    assert one.unknown is not None
    assert one.unknown.now - one.unknown.before > 0.05
    assert not one.unknown.is_worse


@pytest.mark.parametrize(
    ("days", "people", "known"),
    [(0, 30, False), (NOW_DAYS, 30, False), (NOW_DAYS + 3, 4, False), (NOW_DAYS + 4, 4, True)],
)
def test_too_little_is_not_compared(days: int, people: int, known: bool) -> None:
    one = found(weeks(days=days, people=people))
    assert one.is_known == known
    assert one.similarity is None
    assert not one.is_worse


def test_rows_that_say_nothing_are_left_out() -> None:
    outlines, _ = weeks()
    one = drift(outlines, {}, NOW)
    assert (one.similarity, one.usable) == (None, None)
    assert one.unknown is not None


def test_of_each_day_some_decisions_are_looked_into_evenly() -> None:
    outlines, _ = weeks(a_day=500, days=3)
    outlines.append(Outline(10_000, NOW, "door_locked_down", None))
    some = looked_into(outlines, NOW)
    of_day = [sum((NOW - each.at) // timedelta(days=1) == day for each in some) for day in range(3)]
    assert of_day == [60, 60, 60]
    assert 10_000 not in {each.key for each in some}
    few, _ = weeks(a_day=7, days=2)
    assert len(looked_into(few, NOW)) == 14
