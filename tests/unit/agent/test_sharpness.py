"""The sharp frame of a scene is found among frames blurred in any way."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from app.agent.frames import UnreadablePicture, picture_frame
from app.agent.sharpness import sharpness
from app.core.clock import instant_of
from tests.support.cameras import astronaut, jpeg
from tests.support.lfw import people


def measured(data: bytes) -> float:
    return sharpness(picture_frame(data, instant_of(0)).grey)


def test_more_blur_is_less_sharp() -> None:
    found = [measured(jpeg(astronaut(blur=blur))) for blur in (0, 0.7, 1.5, 3, 6)]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 5


def test_motion_blur_is_less_sharp() -> None:
    sharp = astronaut()
    pixels = np.asarray(sharp, np.float64)
    smeared = np.mean([np.roll(pixels, step, axis=1) for step in range(9)], axis=0)
    assert measured(jpeg(Image.fromarray(smeared.astype(np.uint8)))) < measured(jpeg(sharp)) / 2


def test_exposure_is_no_sharpness() -> None:
    pixels = np.asarray(astronaut(), np.float64)
    darker = Image.fromarray((pixels * 0.6).astype(np.uint8))
    assert measured(jpeg(darker)) == pytest.approx(measured(jpeg(astronaut())), rel=0.2)
    assert measured(jpeg(darker)) > measured(jpeg(astronaut(blur=1.5)))


@pytest.mark.data
def test_of_real_photographs_the_blurred_copy_is_always_less_sharp(photos: Path) -> None:
    for files in people(photos, least=2)[:100]:
        with Image.open(files[0]) as image:
            sharp = image.convert("RGB")
        blurred = sharp.filter(ImageFilter.GaussianBlur(1.5))
        assert measured(jpeg(blurred)) < measured(jpeg(sharp)), files[0].name


def test_a_tiny_picture_has_none() -> None:
    assert measured(jpeg(Image.new("L", (2, 9), 128))) == 0


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0", b"GIF89a", jpeg(astronaut())[:900]])
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        picture_frame(data, instant_of(0))


def test_a_large_picture_is_measured_small(tmp_path: Path) -> None:
    large = astronaut().resize((4096, 2304))
    grey = picture_frame(jpeg(large), instant_of(0)).grey
    assert grey.shape[0] >= 480
    assert grey.shape[0] * grey.shape[1] < 1_000_000
