"""Crops become exactly the numbers that a manifest asks for."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.vision.preprocess import Preprocessing, fit_whole, to_blob
from app.vision.types import AlignedCrop

_PLAIN = Preprocessing(width=7, height=5)


def _crop(seed: int = 0) -> AlignedCrop:
    return np.random.default_rng(seed).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def _slow_blob(crops: list[AlignedCrop], how: Preprocessing) -> NDArray[np.float32]:
    """Number by number."""
    order = {"RGB": (0, 1, 2), "BGR": (2, 1, 0), "L": (0,)}[how.channels]
    blob = np.zeros((len(crops), len(order), how.height, how.width), np.float32)
    for n, crop in enumerate(crops):
        for channel, source in enumerate(order):
            for y in range(how.height):
                for x in range(how.width):
                    r, g, b = (int(v) for v in crop[y, x])
                    grey = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16
                    value = grey if how.channels == "L" else (r, g, b)[source]
                    value = 255 - value if how.invert else value
                    blob[n, channel, y, x] = (value - how.mean[channel]) * how.scale[channel]
    return blob


@pytest.mark.parametrize(
    "how",
    [
        _PLAIN,
        replace(_PLAIN, channels="BGR"),
        replace(_PLAIN, mean=(10.0, 20.0, 30.0), scale=(0.1, 0.2, 0.3)),
        replace(_PLAIN, channels="BGR", mean=(10.0, 20.0, 30.0), scale=(0.1, 0.2, 0.3)),
        replace(_PLAIN, channels="L", mean=(127.5,), scale=(1 / 127.5,)),
        replace(_PLAIN, channels="L", mean=(127.5,), scale=(1 / 127.5,), invert=True),
        replace(_PLAIN, invert=True),
    ],
)
def test_the_blob_is_that_of_the_slow_twin(how: Preprocessing) -> None:
    crops = [_crop(seed) for seed in range(3)]
    blob = to_blob(crops, how)
    assert blob.dtype == np.float32
    assert blob.shape == (3, how.depth, 5, 7)
    np.testing.assert_allclose(blob, _slow_blob(crops, how), rtol=1e-5, atol=1e-5)


def test_no_crops_are_an_empty_blob() -> None:
    assert to_blob([], _PLAIN).shape == (0, 3, 5, 7)


def test_stretch_fills_the_whole_input() -> None:
    image = np.full((50, 10, 3), 200, np.uint8)
    crop = fit_whole(image, Preprocessing(width=20, height=30))
    assert crop.shape == (30, 20, 3)
    assert (crop == 200).all()


@pytest.mark.parametrize(("shape", "columns", "rows"), [((50, 10, 3), 4, 20), ((10, 50, 3), 20, 4)])
def test_contain_keeps_the_proportions_on_the_background(
    shape: tuple[int, ...], columns: int, rows: int
) -> None:
    how = Preprocessing(width=20, height=20, resize="contain", background=255)
    crop = fit_whole(np.zeros(shape, np.uint8), how)
    assert crop.shape == (20, 20, 3)
    ink = (crop == 0).all(axis=2)
    assert (ink.any(axis=0).sum(), ink.any(axis=1).sum()) == (columns, rows)
    assert (crop[~ink] == 255).all()
    middle = np.argwhere(ink).mean(axis=0)
    np.testing.assert_allclose(middle, (9.5, 9.5))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (4000, 1, 3)])
@pytest.mark.parametrize("resize", ["stretch", "contain"])
def test_images_of_any_proportion_fit(shape: tuple[int, ...], resize: str) -> None:
    how = replace(_PLAIN, resize="contain" if resize == "contain" else "stretch")
    assert fit_whole(np.zeros(shape, np.uint8), how).shape == (5, 7, 3)


def test_shrinking_averages_the_pixels() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = fit_whole(stripes, Preprocessing(width=8, height=8))
    assert np.abs(crop.astype(int) - 127).max() < 20
