"""The types of this room: images, boxes, landmarks, quality."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RgbImage: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), red first, 0 to 255, upright."""

AlignedCrop: TypeAlias = NDArray[np.uint8]
"""An ``RgbImage`` of exactly the size that the embedder takes, its sample in the trained place."""

Landmarks: TypeAlias = NDArray[np.float32]
"""(5, 2) x and y in pixels: right eye, left eye, nose tip, right and left corner of the mouth.

Right and left are the subject's own, so that the right eye lies left in the image. As in OpenCV,
whole numbers are pixel centres: the middle of the first pixel is (0, 0).
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright image, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    def within(self, width: float, height: float) -> "Box":
        """The part that lies in an image of this size; its sides are 0 or less where none does."""
        left, top = max(self.x, 0.0), max(self.y, 0.0)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return Box(left, top, right - left, bottom - top)

    def turned(self, degrees: int, width: float, height: float) -> "Box":
        """The same rectangle once its image, of ``width`` x ``height`` pixels, was turned clockwise
        by 0, 90, 180 or 270 degrees.
        """
        if not degrees:
            return self
        once = Box(height - self.y - self.height, self.x, self.height, self.width)
        return once.turned(degrees - 90, height, width)

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 (apart) to 1 (the same)."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(across, 0.0) * max(down, 0.0)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How usable a face is; see ``app.vision.quality`` for how each is measured."""

    score: float
    """0 (useless) to 1 (nothing wrong)."""
    face_size: float
    """Pixels: the shorter side of the face's box."""
    sharpness: float
    """0 (no detail at all) to 1."""
    brightness: float
    """0 (black) to 1 (white)."""
    yaw: float
    """Degrees; positive when the face is turned towards the right edge of the image."""
    pitch: float
    """Degrees; positive when the face looks up."""
    roll: float
    """Degrees; positive when the head is tilted clockwise in the image."""
    recognisability: float | None = None
    """0 (spoilt) to 1 (whole), by the embedding; None where there is none, or the bundle has not
    learned it."""
