"""From bytes that anybody may have sent to an upright RGB image, or to one clear refusal."""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from app.errors import AppError, InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.types import RgbImage

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_BACKGROUND: Final = (128, 128, 128)  # neutral: neither a bright nor a dark rim around the subject
_SIXTEEN_BIT: Final = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The largest image that is read, encoded and decoded."""

    max_bytes: int
    max_pixels: int


def decode_image(data: bytes, limits: ImageLimits) -> RgbImage:
    """The first frame of an image, upright by its EXIF orientation, as RGB.

    16 bits are scaled to 8, CMYK, palettes and grey are converted, transparency lies over neutral
    grey. Thread-safe. Raises ``PayloadTooLarge`` (from the header, before anything is allocated),
    ``UnsupportedImage`` (no image, or of another format) or ``InvalidImage`` (empty, truncated,
    corrupt); never anything else, whatever the bytes.
    """
    if not data:
        raise InvalidImage("The image is empty (0 bytes).")
    if len(data) > limits.max_bytes:
        raise PayloadTooLarge(
            f"The image has {len(data)} bytes; at most {limits.max_bytes} are read."
        )
    try:
        return _decode(data, limits)
    except AppError:
        raise
    except UnidentifiedImageError:
        raise UnsupportedImage(
            f"These {len(data)} bytes are no image that is read here; send one of "
            f"{', '.join(FORMATS)}."
        ) from None
    except (DecompressionBombError, DecompressionBombWarning):
        raise PayloadTooLarge(
            f"The image has too many pixels; at most {limits.max_pixels} are read."
        ) from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile bytes
        raise InvalidImage(
            f"The image is damaged and cannot be read ({type(error).__name__})."
        ) from None


def _decode(data: bytes, limits: ImageLimits) -> RgbImage:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > limits.max_pixels:
            raise PayloadTooLarge(
                f"The image has {width} x {height} pixels; at most {limits.max_pixels} are read."
            )
        image.load()
        upright = ImageOps.exif_transpose(image)
    return np.asarray(_to_rgb(upright), np.uint8)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BIT:
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        background = Image.new("RGBA", layer.size, (*_BACKGROUND, 255))
        return Image.alpha_composite(background, layer).convert("RGB")
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """16 bits by their high byte; wider integers and floats by their own range."""
    pixels = np.asarray(image, np.float64)
    top = 65535.0 if image.mode.startswith("I;16") or pixels.max(initial=0) > 255 else 255.0
    if image.mode == "F" and pixels.max(initial=0) <= 1:
        top = 1.0
    scaled = np.clip(np.nan_to_num(pixels) / top, 0, 1) * 255
    return Image.fromarray(np.round(scaled).astype(np.uint8))
