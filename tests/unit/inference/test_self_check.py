"""The drawn faces of the self-check."""

import numpy as np

from app.inference.self_check import reference_crops
from app.vision.preprocess import Preprocessing


def test_reference_crops_are_of_the_embedders_size_and_unlike_each_other() -> None:
    for width, height in ((112, 112), (28, 20)):
        crops = reference_crops(Preprocessing(width, height))
        assert {crop.shape for crop in crops} == {(height, width, 3)}
        pixels = np.stack(crops).reshape(len(crops), -1).astype(float)
        apart = np.abs(pixels[:, None] - pixels[None]).mean(axis=2)
        assert apart[~np.eye(len(crops), dtype=bool)].min() > 2
        assert pixels.std() > 20
