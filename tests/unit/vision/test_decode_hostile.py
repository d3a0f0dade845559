"""Whatever the bytes are, an image comes out or one of three refusals."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.decode import ImageLimits, decode_image
from tests.unit.vision.files import every_kind

_LIMITS = ImageLimits(max_bytes=1 << 16, max_pixels=20_000)
_FILES = list(every_kind().values())


def _read_or_refuse(data: bytes) -> None:
    try:
        image = decode_image(data, _LIMITS)
    except (InvalidImage, UnsupportedImage, PayloadTooLarge):
        return
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert 0 < image.shape[0] * image.shape[1] <= _LIMITS.max_pixels


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_file_with_some_bytes_changed_is_read_or_refused(data: st.DataObject) -> None:
    mutated = bytearray(data.draw(st.sampled_from(_FILES)))
    reach = data.draw(st.sampled_from([32, 200, len(mutated)]))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(reach, len(mutated)) - 1))
        mutated[place] = data.draw(st.integers(0, 255))
    _read_or_refuse(bytes(mutated))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_FILES), st.sampled_from(_FILES), st.floats(0, 1), st.floats(0, 1))
def test_two_files_grafted_together_are_read_or_refused(
    head: bytes, tail: bytes, cut: float, start: float
) -> None:
    _read_or_refuse(head[: int(len(head) * cut)] + tail[int(len(tail) * start) :])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([data[:12] for data in _FILES]), st.binary(max_size=600))
def test_noise_behind_a_true_beginning_is_read_or_refused(magic: bytes, noise: bytes) -> None:
    _read_or_refuse(magic + noise)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    _read_or_refuse(noise)
