"""An empty corridor sends nothing; a person who comes, or stands still, is seen."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from PIL import Image

from app.agent.frames import Frame, picture_frame
from app.agent.motion import Motion
from tests.support.cameras import astronaut, empty, jpeg

START: Final = datetime(2027, 3, 1, 12, tzinfo=UTC)
_SOMEBODY: Final = astronaut().resize((60, 80))


def frame(image: Image.Image, seconds: float) -> Frame:
    return picture_frame(jpeg(image), START + timedelta(seconds=seconds))


def with_somebody(*, noise: int, at: int = 150) -> Image.Image:
    image = empty(noise=noise)
    image.paste(_SOMEBODY, (at, 100))
    return image


def settled() -> Motion:
    motion = Motion(share=0.01)
    assert motion.seen(frame(empty(noise=1), -1))  # somebody may stand there already
    for number in range(5):
        assert not motion.seen(frame(empty(noise=number + 2), number / 5))
    return motion


def test_an_empty_corridor_with_noise_does_not_move() -> None:
    motion = settled()
    assert not any(motion.seen(frame(empty(noise=50 + n), 1 + n / 5)) for n in range(50))


def test_somebody_who_comes_is_seen_in_the_first_frame() -> None:
    assert settled().seen(frame(with_somebody(noise=9), 1.2))


def test_somebody_who_stands_still_is_seen_for_ten_seconds_and_forgotten_in_two_minutes() -> None:
    motion = settled()
    seen = [motion.seen(frame(with_somebody(noise=n), 1 + 2 * n)) for n in range(60)]
    assert all(seen[:5])
    assert not any(seen[-5:])


def test_a_cloud_is_no_motion() -> None:
    motion = settled()
    darker = Image.fromarray((np.asarray(empty(noise=7), np.float64) - 25).clip(0).astype(np.uint8))
    assert not motion.seen(frame(darker, 1.2))


def test_somebody_far_away_is_seen_where_less_is_asked_for() -> None:
    def far(noise: int) -> Image.Image:
        image = empty(noise=noise)
        image.paste((250, 250, 250), (150, 100, 168, 120))
        return image

    motion = Motion(share=0.002)
    motion.seen(frame(empty(noise=1), 0))
    assert motion.seen(frame(far(2), 1))
    assert not settled().seen(frame(far(3), 1.2))


def test_at_a_share_of_0_every_frame_counts() -> None:
    motion = Motion(share=0)
    assert all(motion.seen(frame(empty(noise=1), n)) for n in range(3))


def test_a_clock_that_is_set_back_does_no_harm() -> None:
    motion = settled()
    assert not motion.seen(frame(empty(noise=5), -3600))
    assert motion.seen(frame(with_somebody(noise=6), -3599))
