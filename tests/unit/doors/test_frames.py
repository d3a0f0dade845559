"""Which frames of a burst are used, and whose face in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pydantic import ValidationError

from app.access.door_schemas import FramesField
from app.access.policy.blocks import BlockAfter
from app.access.policy_repository import DoorSettings
from app.decision.burst import MOST_FRAMES
from app.doors.frames import Frame, FrameFace, burst_of, distinct, is_stale, missing, moving
from app.doors.sessions import SessionKey, Sessions
from app.index.base import Vectors
from app.reasons import DoorReason

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SETTINGS = DoorSettings(
    1,
    3,
    0.6,
    timedelta(seconds=2),
    timedelta(0),
    80,
    refuses_second_face=False,
    direction="in",
    unknown_after=timedelta(seconds=3),
    block_after=BlockAfter(),
)


def vector(axis: int) -> Vectors:
    found: Vectors = np.eye(4, dtype=np.float32)[axis]
    return found


def face(who: int | None, width: float = 100, sharpness: float = 0.5) -> FrameFace:
    return FrameFace(width, sharpness, None if who is None else vector(who))


def frame(number: int, *faces: FrameFace) -> Frame:
    return Frame(str(number), NOW + timedelta(milliseconds=100 * number), faces)


def never(_: Frame) -> bool:
    return False


def wrong(*frames: Frame, settings: DoorSettings = SETTINGS) -> set[str]:
    return {str(each) for each in burst_of(frames, settings).wrong}


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([frame(0, face(0)), frame(1, face(0))], DoorReason.TOO_FEW_FRAMES),
        ([frame(0, face(0)), frame(1, face(0)), frame(2)], DoorReason.NO_FACE),
        ([frame(0, face(0)), frame(1, face(0)), frame(2, face(None))], DoorReason.LOW_QUALITY),
        ([], DoorReason.TOO_FEW_FRAMES),
    ],
)
def test_fewer_than_needed_has_its_reason(frames: list[Frame], reason: DoorReason) -> None:
    assert wrong(*frames) == {reason}


def test_the_subject_is_the_largest_face_of_the_sharpest_frame_and_is_followed() -> None:
    frames = (
        frame(0, face(1, width=200), face(0, width=90)),
        frame(1, face(0, width=80, sharpness=0.9), face(1, width=70)),
        frame(2, face(0)),
        frame(3, face(1)),
    )
    probes = burst_of(frames, SETTINGS).probes
    assert probes is not None
    assert [int(np.argmax(row)) for row in probes] == [0, 0, 0, 1]


def test_the_order_in_which_frames_come_does_not_matter() -> None:
    frames = [frame(number, face(number % 2, sharpness=number / 9)) for number in range(5)]
    one, other = burst_of(frames, SETTINGS).probes, burst_of(frames[::-1], SETTINGS).probes
    assert one is not None
    assert other is not None
    assert np.array_equal(one, other)


def test_a_second_face_is_refused_where_the_door_says_so_alone() -> None:
    frames = [frame(number, face(0), face(1, width=75)) for number in range(3)]
    small = [frame(number, face(0), face(1, width=65)) for number in range(3)]
    refusing = replace(SETTINGS, refuses_second_face=True)
    assert wrong(*frames) == set()
    assert wrong(*frames, settings=refusing) == {DoorReason.MULTIPLE_FACES}
    assert wrong(*small, settings=refusing) == set()


def test_copies_and_other_times_do_not_count() -> None:
    frames = [frame(0, face(0)), frame(0, face(0)), frame(1, face(0))]
    assert [each.digest for each in distinct(frames)] == ["0", "1"]
    ages = {-2: True, -1: False, 0: False, 2: False, 3: True}
    for age, stale in ages.items():
        taken = replace(frames[0], taken_at=NOW - timedelta(seconds=age))
        assert is_stale(taken, NOW, SETTINGS) is stale, age


def test_one_picture_in_several_files_counts_once() -> None:
    nearly = face(0)
    assert nearly.embedding is not None
    turned = np.array([np.cos(0.006), np.sin(0.006)], dtype=np.float32)  # a cosine of 1 - 1.8e-5
    other = replace(nearly, embedding=np.r_[turned, nearly.embedding[2:]].astype(np.float32))
    frames = [frame(2, face(0)), frame(1, face(0)), frame(3, other), frame(4), frame(5)]
    assert [each.digest for each in moving(frames)] == ["1", "3", "4", "5"]


def test_a_session_that_was_left_is_forgotten() -> None:
    sessions = Sessions()

    def add(name: str, seconds: float) -> None:
        key = SessionKey("key", 1, name, is_trial=False)
        at = NOW + timedelta(seconds=seconds)
        sessions.add(key, [frame(0, face(0))], at=at, is_stale=never, missing=lambda frames: 1)

    for name, seconds in (("left", 0), ("used", 0.5), ("used", 2), ("new", 3.2)):
        add(name, seconds)
    assert [key.id for key in sessions._sessions] == ["used", "new"]


def test_what_is_missing_counts_usable_frames_and_their_span() -> None:
    frames = [frame(0, face(0)), frame(1), frame(2, face(None)), frame(3, face(0))]
    assert missing(frames, SETTINGS) == 1
    assert missing([*frames, frame(4, face(1))], SETTINGS) == 0
    spanning = replace(SETTINGS, min_span=timedelta(seconds=1))
    assert missing([*frames, frame(4, face(1))], spanning) == 1
    assert wrong(*[frame(each, face(0)) for each in range(3)], settings=spanning) == {
        DoorReason.TOO_FEW_FRAMES
    }


def test_a_session_gives_its_frames_once_and_keeps_its_first_for_the_span() -> None:
    sessions, key = Sessions(), SessionKey("key", 1, "visit", is_trial=False)
    for number in range(9):
        gathered = sessions.add(
            key,
            [frame(number, face(0))],
            at=NOW,
            is_stale=never,
            missing=lambda frames: int(len(frames) < 99),
        )
    assert [each.digest for each in gathered.frames] == ["0", *"2345678"]
    assert (gathered.need, gathered.received) == (1, 9)
    taken = sessions.add(key, [frame(9, face(0))], at=NOW, is_stale=never, missing=lambda frames: 0)
    assert (taken.need, len(taken.frames)) == (0, 8)
    begun = sessions.add(
        key, [frame(10, face(0))], at=NOW, is_stale=never, missing=lambda frames: 2
    )
    assert (begun.received, len(begun.frames)) == (1, 1)


def test_sessions_are_bounded() -> None:
    sessions = Sessions()
    for number in range(1001):
        sessions.add(
            SessionKey("key", 1, str(number), is_trial=False),
            [frame(0, face(0))],
            at=NOW,
            is_stale=never,
            missing=lambda frames: 1,
        )
    first = sessions.add(
        SessionKey("key", 1, "0", is_trial=False),
        [],
        at=NOW,
        is_stale=never,
        missing=lambda frames: 1,
    )
    assert first.frames == []


def test_the_subject_is_in_doubt_where_it_is_in_every_frame() -> None:
    doubted = replace(face(0), is_doubted=True)
    spoilt = [frame(each, doubted) for each in range(3)]
    assert burst_of(spoilt, SETTINGS).is_doubted
    assert not burst_of([*spoilt, frame(3, face(0))], SETTINGS).is_doubted


def test_enough_frames_are_fresh_until_the_oldest_of_the_newest_needed_is_stale() -> None:
    five = [frame(each, face(0)) for each in range(5)]
    assert burst_of(five, SETTINGS).enough_since(SETTINGS) == five[2].taken_at
    assert burst_of(five[:2], SETTINGS).enough_since(SETTINGS) is None


def test_a_door_needs_no_more_frames_than_a_burst_has() -> None:
    assert FramesField(min_used=MOST_FRAMES).min_used == MOST_FRAMES
    with pytest.raises(ValidationError, match="min_used"):
        FramesField(min_used=MOST_FRAMES + 1)
