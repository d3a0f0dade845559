"""A burst is a few frames: spread over its time, sharp where there was a choice, none too old."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.agent.bursts import Gathering
from app.agent.frames import Frame

START: Final = datetime(2027, 3, 1, 12, tzinfo=UTC)
MAX_AGE: Final = timedelta(seconds=1.8)


def frame(seconds: float, contrast: float = 1) -> Frame:
    """A chessboard: the more contrast, the sharper."""
    board = np.indices((16, 16)).sum(axis=0) % 2
    grey = (128 + board * contrast).astype(np.float32)
    return Frame(START + timedelta(seconds=seconds), grey, lambda: str(seconds).encode())


def kept(gathering: Gathering, *, now: float = 1.0) -> list[float]:
    frames = gathering.take(now=START + timedelta(seconds=now), max_age=MAX_AGE)
    return [(each.captured_at - START).total_seconds() for each in frames]


def test_of_a_fast_camera_the_sharp_frames_are_kept_and_are_spread() -> None:
    sharp = {3, 9, 14, 18, 24}
    gathering = Gathering(most=5, seconds=1)
    for number in range(25):
        gathering.add(frame(number / 25, 60 if number in sharp else 2), at=number / 25)
    assert {round(each * 25) for each in kept(gathering)} == sharp


def test_frames_alike_are_spread_over_the_burst() -> None:
    gathering = Gathering(most=5, seconds=1)
    for number in range(25):
        gathering.add(frame(number / 25), at=number / 25)
    found = kept(gathering)
    assert len(found) == 5
    assert found[-1] - found[0] >= 0.6


def test_of_a_slow_camera_every_frame_is_kept() -> None:
    gathering = Gathering(most=5, seconds=1)
    for number in range(3):
        gathering.add(frame(number / 3), at=number / 3)
    assert len(kept(gathering)) == 3


def test_pictures_that_come_all_at_once_are_all_kept() -> None:
    gathering = Gathering(most=5, seconds=1)
    for _ in range(5):
        gathering.add(frame(0), at=0)
    assert len(kept(gathering)) == 5


def test_it_is_due_a_second_after_its_first_frame_and_never_when_empty() -> None:
    gathering = Gathering(most=5, seconds=1)
    assert not gathering.is_due(at=100)
    gathering.add(frame(0), at=100)
    gathering.add(frame(0.5), at=100.5)
    assert not gathering.is_due(at=100.9)
    assert gathering.is_due(at=101)
    assert len(kept(gathering)) == 2
    assert not gathering.is_due(at=200)


def test_what_is_too_old_is_dropped() -> None:
    gathering = Gathering(most=5, seconds=1)
    for seconds in (0, 1, 2, 3):
        gathering.add(frame(seconds), at=seconds)
    assert kept(gathering, now=3.5) == [2, 3]


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 100)), max_size=40),
    st.integers(1, 8),
)
def test_it_never_holds_more_than_its_frames_and_keeps_the_sharpest(
    arrived: list[tuple[float, float]], most: int
) -> None:
    gathering = Gathering(most=most, seconds=1)
    for seconds, contrast in arrived:
        gathering.add(frame(seconds, contrast), at=0)
    found = gathering.take(now=START, max_age=timedelta(days=1))
    assert len(found) == min(most, len(arrived))
    times = [each.captured_at for each in found]
    assert times == sorted(times)
    if arrived:
        sharpest = max(contrast for _, contrast in arrived)
        contrasts = {float(np.ptp(each.grey)) for each in found}
        assert any(abs(each - sharpest) < 0.01 for each in contrasts)
