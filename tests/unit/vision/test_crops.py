"""A crop that is kept is the crop that was seen."""

import numpy as np
import pytest

from app.errors import AppError
from app.vision.crops import packed, unpacked


@pytest.mark.parametrize("shape", [(112, 112, 3), (32, 24, 3), (1, 1, 3)])
def test_not_one_pixel_changes(shape: tuple[int, ...]) -> None:
    crop = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert np.array_equal(unpacked(packed(crop)), crop)


def test_damaged_bytes_are_no_crop() -> None:
    png = packed(np.zeros((112, 112, 3), np.uint8))
    for damaged in (b"", png[: len(png) // 2], b"x" + png[1:]):
        with pytest.raises(AppError):
            unpacked(damaged)
