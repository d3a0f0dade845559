"""Frames that a video camera might take of one photograph: small turns, shifts and distances, the
blur of motion and focus, light, noise and JPEG. For measuring only.

Light, focus, resolution, noise and compression are a camera's and hold for the whole burst; pose,
place and motion are each frame's own. So the frames are exchangeable: none is like any other more
than the rest are. A still photograph has no blink, no smile and no real turn of the head, and its
frames resemble each other more than those of a video do.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.vision.types import Box, RgbImage

_FACE: Final = (90.0, 150.0)
"""Least and most pixels across a face; that of a smaller photograph is not enlarged."""
_ROOM: Final = 2.4  # sides of a frame, in faces
_ROLL, _YAW, _PITCH = 4.0, 10.0, 5.0  # degrees
_SHIFT: Final = 0.05  # of the face, across and down
_DISTANCE: Final = 0.06  # of the logarithm of its size
_NEARER: Final = 0.3  # how much larger the near side of a turned head is, by the sine of the angle
_MOTION: Final = 0.015  # of the face, while the shutter was open
_LIGHT, _FLICKER = 0.2, 0.05  # of the logarithm of brightness: of the burst, of a frame
_SIDE_LIGHT: Final = 0.15  # difference of brightness across a face
_FOCUS: Final = 0.6  # pixels of the blur's deviation
_NOISE: Final = (1.0, 5.0)  # grey levels
_QUALITY: Final = (55, 91)  # of JPEG
_GREY: Final = (128, 128, 128)

_Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Camera:
    """The part of a view that all frames of a burst share; ``face`` and ``focus`` in pixels."""

    face: float
    light: float
    side_light: float
    focus: float
    noise: float
    quality: int

    @property
    def side(self) -> int:
        """Pixels of a frame's sides."""
        return round(self.face * _ROOM)


def burst(image: RgbImage, subject: Box, frames: int, rng: np.random.Generator) -> list[bytes]:
    """``frames`` JPEG files of the ``subject`` in ``image``, as one camera takes them.

    The same state of ``rng`` gives the same frames.
    """
    size = max(subject.width, subject.height)
    camera = _Camera(
        face=min(size, rng.uniform(*_FACE)),
        light=float(np.exp(rng.normal(0, _LIGHT))),
        side_light=rng.normal(0, _SIDE_LIGHT),
        focus=abs(rng.normal(0, _FOCUS)),
        noise=rng.uniform(*_NOISE),
        quality=int(rng.integers(*_QUALITY)),
    )
    block = max(1, int(size / camera.face))
    small = Image.fromarray(image).reduce(block)
    x, y = (subject.x + subject.width / 2) / block, (subject.y + subject.height / 2) / block
    return [
        _frame(small, _pose(x, y, size / block, camera, rng), camera, rng) for _ in range(frames)
    ]


def _pose(
    x: float, y: float, size: float, camera: _Camera, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The matrix (3, 3) from a frame's pixels to those of the photograph, whose face, ``size``
    pixels across, has its middle at ``x`` and ``y``.
    """
    roll, yaw, pitch = np.radians(rng.normal(0, (_ROLL, _YAW, _PITCH)))
    across, down = rng.normal(0, _SHIFT, 2) * size
    scale = size * np.exp(rng.normal(0, _DISTANCE))
    half = camera.side / 2
    to_faces = np.array([[1, 0, -half], [0, 1, -half], [0, 0, camera.face]]) / camera.face
    turned = np.array(
        [
            [1 / np.cos(yaw), 0, 0],
            [0, 1 / np.cos(pitch), 0],
            [_NEARER * np.sin(yaw), _NEARER * np.sin(pitch), 1],
        ]
    )
    rolled = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    placed = np.eye(3)
    placed[:2] = np.column_stack([rolled, (x + across, y + down)])
    return np.asarray(placed @ turned @ to_faces, np.float64)


def _frame(
    photo: Image.Image, pose: NDArray[np.float64], camera: _Camera, rng: np.random.Generator
) -> bytes:
    """One JPEG file of ``photo`` through ``pose``."""
    data = (pose / pose[2, 2]).ravel()[:8].tolist()
    side = camera.side
    seen = photo.transform(
        (side, side), Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR, fillcolor=_GREY
    )
    seen = seen.filter(ImageFilter.GaussianBlur(camera.focus))
    pixels = _moved(np.asarray(seen, np.float32), _MOTION * camera.face, rng)
    across = np.linspace(-_ROOM / 2, _ROOM / 2, side)
    light = camera.light * np.exp(rng.normal(0, _FLICKER)) * (1 + camera.side_light * across)
    grain = camera.noise * rng.standard_normal(pixels.shape, np.float32)
    pixels = pixels * light.astype(np.float32)[None, :, None] + grain
    file = BytesIO()
    Image.fromarray(_to_bytes(pixels)).save(file, "JPEG", quality=camera.quality)
    return file.getvalue()


def _moved(pixels: _Pixels, length: float, rng: np.random.Generator) -> _Pixels:
    """The mean of the places that the image had on its way of about ``length`` pixels."""
    way = abs(rng.normal(0, length))
    angle = rng.uniform(0, np.pi)
    steps = np.linspace(-way / 2, way / 2, 2 * int(np.ceil(way)) + 1)
    places = {(round(step * np.sin(angle)), round(step * np.cos(angle))) for step in steps}
    moved = [np.roll(pixels, each, (0, 1)) for each in sorted(places)]
    return np.asarray(np.mean(moved, axis=0), np.float32)


def _to_bytes(pixels: _Pixels) -> RgbImage:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
