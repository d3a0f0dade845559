"""PNG (ISO/IEC 15948): every colour type and depth, interlaced or not.

Only the header and the pixel data are handed to Pillow: text, profiles and later frames of an
animation are not looked at. ``gAMA`` is applied, because browsers do so and a picture of linear
light is far too dark without; colour profiles are not.
"""

import io
from collections.abc import Callable, Iterator
from functools import partial

from PIL import Image, PngImagePlugin

from app.vision.formats.png_chunks import Chunks, walk, written
from app.vision.formats.png_header import GREY_ALPHA, PALETTE, RGB, RGBA, Picture, picture_of
from app.vision.formats.png_strips import deep_strips, plain_strips, words_of
from app.vision.formats.tags import exif_orientation
from app.vision.limits import ImageLimits
from app.vision.pixels import Strip, bands, painted, to_rgb, upright, upright_pixels
from app.vision.types import RgbImage


def read_png(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture, which is the first frame where it is animated."""
    chunks = walk(data)
    picture = picture_of(chunks, limits)
    orientation = exif_orientation(chunks.others.get(b"eXIf", b""))
    image = _load(picture, chunks)
    if _is_plain(picture, image):
        return to_rgb(upright(image, orientation))
    strips: Callable[[], Iterator[Strip]] = partial(plain_strips, picture, image)
    if picture.depth == 16 and not _high_bytes_will_do(picture, image):
        coloured = picture.colour in (RGB, RGBA)
        low = _load(picture, chunks, low_bytes=True) if coloured else None
        strips = partial(deep_strips, picture, partial(words_of, picture, image, low))
    return upright_pixels(painted(picture.width, picture.height, strips), orientation)


def _is_plain(picture: Picture, image: Image.Image) -> bool:
    """Whether the samples are the shown values, without palette, alpha or gamma."""
    bare = picture.key is None and picture.exponent is None
    return bare and picture.depth <= 8 and image.mode in ("1", "L", "RGB")


def _high_bytes_will_do(picture: Picture, image: Image.Image) -> bool:
    """Whether colours of 16 bits fill them, so that nothing is lost with their low bytes."""
    if picture.colour not in (RGB, RGBA):
        return False
    if picture.key is not None or picture.exponent is not None:
        return False
    return any(int(samples[..., :3].max()) >= 64 for _, samples in bands(image))


def _load(picture: Picture, chunks: Chunks, *, low_bytes: bool = False) -> Image.Image:
    """The samples, or of 16-bit colours their high or low bytes.

    Grey with alpha of 16 bits has four bytes a pixel and is filtered as RGBA of eight bits is; so
    it is read as such, high byte and low byte next to each other.
    """
    depth, colour = picture.depth, picture.colour
    if (depth, colour) == (16, GREY_ALPHA):
        depth, colour = 8, RGBA
    header = chunks.header[:8] + bytes((depth, colour)) + chunks.header[10:]
    parts = [(b"IHDR", header), *((b"IDAT", body) for body in chunks.pixels), (b"IEND", b"")]
    if colour == PALETTE:
        parts.insert(1, (b"PLTE", picture.palette.tobytes()))
    with PngImagePlugin.PngImageFile(io.BytesIO(written(parts)), "") as image:
        if low_bytes:
            image.tile = [image.tile[0]._replace(args=f"{image.mode};16L")]
        image.load()
        return image
