"""Any bytes give an image or one of three refusals."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.decode import ImageLimits, decode_image
from tests.unit.vision.corpus import corpus
from tests.unit.vision.mutate import mutated

_LIMITS = ImageLimits(max_bytes=1 << 16, max_pixels=20_000)
_FILES = corpus()


def _read_or_refuse(data: bytes) -> None:
    try:
        image = decode_image(data, _LIMITS)
    except (InvalidImage, UnsupportedImage, PayloadTooLarge):
        return
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert 0 < image.shape[0] * image.shape[1] <= _LIMITS.max_pixels


def test_what_mutations_start_from_is_read() -> None:
    for data in _FILES:
        assert decode_image(data, _LIMITS).size


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_are_read_or_refused(seed: int) -> None:
    """``make fuzz`` does this for as long as is asked."""
    source = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(400):
        _read_or_refuse(mutated(source, _FILES))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([data[:12] for data in _FILES]), st.binary(max_size=600))
def test_noise_behind_a_true_beginning_is_read_or_refused(magic: bytes, noise: bytes) -> None:
    _read_or_refuse(magic + noise)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    _read_or_refuse(noise)
