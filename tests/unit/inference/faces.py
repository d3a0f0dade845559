"""Photographs that ship with packages, and a pipeline on them without any download of images."""

import numpy as np
import skimage.data
from matplotlib.cbook import get_sample_data
from PIL import Image, ImageDraw

from app.vision.types import Box, RgbImage


def astronaut() -> RgbImage:
    """512 x 512, one face near the upper left."""
    return np.asarray(skimage.data.astronaut(), np.uint8)


def admiral() -> RgbImage:
    """512 x 600, one face."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as image:
        return np.asarray(image.convert("RGB"), np.uint8)


def resized(image: RgbImage, factor: float) -> RgbImage:
    """``image`` enlarged or shrunk."""
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS), np.uint8)


def close_up(image: RgbImage, box: Box, *, margin: float, width: int) -> tuple[RgbImage, Box]:
    """The face in ``box`` alone, enlarged until it is ``width`` pixels wide, with ``margin`` of its
    longer side on each side of its middle; and where it then is.
    """
    reach = margin * max(box.width, box.height)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    part = image[top : int(y + reach), left : int(x + reach)]
    factor = width / box.width
    place = Box(
        (box.x - left) * factor, (box.y - top) * factor, box.width * factor, box.height * factor
    )
    return resized(part, factor), place


def before(
    adult: tuple[RgbImage, Box],
    child: tuple[RgbImage, Box],
    *,
    at: tuple[float, float],
    share: float,
    width: int,
) -> tuple[RgbImage, list[Box]]:
    """An adult's face of ``width`` pixels, and a child's head before it: its face of ``share`` of
    the adult's width, its middle ``at`` in widths and heights of the adult's box; and both places.
    """
    photo, large = close_up(*adult, margin=1.2, width=width)
    head, small = close_up(*child, margin=0.72, width=round(share * width))
    mask = Image.new("L", (head.shape[1], head.shape[0]))
    x, y = small.x + small.width / 2, small.y + small.height / 2
    oval = 0.68 * small.width, 0.7 * small.height
    ImageDraw.Draw(mask).ellipse((x - oval[0], y - oval[1], x + oval[0], y + oval[1]), fill=255)
    left = round(large.x + at[0] * large.width - x)
    top = round(large.y + at[1] * large.height - y)
    scene = Image.fromarray(photo)
    scene.paste(Image.fromarray(head), (left, top), mask)
    place = Box(left + small.x, top + small.y, small.width, small.height)
    return np.asarray(scene, np.uint8), [large, place]
