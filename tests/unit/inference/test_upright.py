"""Which way a photo stands, by scores that a made-up detector gives."""

import numpy as np
import pytest

from app.inference.upright import UPRIGHT, degrees_to_upright, turned
from app.vision.types import RgbImage

PHOTO: RgbImage = np.zeros((40, 60, 3), np.uint8)
PHOTO[:10, :10] = 255  # its upper left corner


def corner_at(image: RgbImage) -> str:
    """Which corner of the image is white."""
    middle = np.array(np.argwhere(image[..., 0] > 127).mean(axis=0)) < np.array(image.shape[:2]) / 2
    return f"{'upper' if middle[0] else 'lower'} {'left' if middle[1] else 'right'}"


class Detector:
    """It is surest of images whose white corner is the upper left one, and counts its work."""

    def __init__(self, sure: float, other: float) -> None:
        self.sure, self.other, self.sides = sure, other, list[int]()

    def score(self, image: RgbImage) -> float:
        self.sides.append(max(image.shape[:2]))
        return self.sure if corner_at(image) == "upper left" else self.other


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_photo_is_turned_back(degrees: int) -> None:
    detector = Detector(0.93, 0.8)
    back = degrees_to_upright(turned(PHOTO, degrees), 0.93 if not degrees else 0.8, detector.score)
    assert back == (360 - degrees) % 360
    assert np.array_equal(turned(turned(PHOTO, degrees), back), PHOTO)


def test_turns_are_clockwise() -> None:
    assert [corner_at(turned(PHOTO, each)) for each in (0, 90, 180, 270)] == [
        "upper left",
        "upper right",
        "lower right",
        "lower left",
    ]


def test_a_photo_of_which_the_detector_is_sure_costs_nothing() -> None:
    detector = Detector(1.0, 1.0)
    assert degrees_to_upright(turned(PHOTO, 180), UPRIGHT, detector.score) == 0
    assert detector.sides == []


@pytest.mark.parametrize(("sure", "as_it_is"), [(0.84, 0.0), (0.88, 0.87), (0.0, 0.0)])
def test_a_photo_is_left_as_it_is_where_no_turn_is_surer(sure: float, as_it_is: float) -> None:
    detector = Detector(sure, 0.0)
    assert degrees_to_upright(turned(PHOTO, 90), as_it_is, detector.score) == 0
    assert len(detector.sides) == 3


def test_a_large_photo_is_searched_as_a_small_one() -> None:
    detector = Detector(0.93, 0.8)
    large = np.repeat(np.repeat(PHOTO, 50, axis=0), 50, axis=1)
    assert degrees_to_upright(turned(large, 180), 0.8, detector.score) == 180
    assert max(detector.sides) == 600
