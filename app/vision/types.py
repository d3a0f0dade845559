"""What gets mixed up otherwise: images, crops, boxes, landmarks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]
"""(height, width, 3), upright, 0 to 255, red first."""

AlignedCrop = NDArray[np.uint8]
"""An ``RgbImage`` of exactly the embedder's size, the face in its canonical place."""

Landmarks = NDArray[np.float32]
"""(5, 2) pixels x, y: the subject's right eye, left eye, nose tip, right and left mouth corner."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; it may reach over the image's edge."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Quality:
    """How usable a sample is. ``score``, ``sharpness`` and ``brightness`` are 0 to 1, higher is
    sharper and brighter; ``face_size`` is in pixels, angles in degrees: yaw positive towards the
    subject's left, pitch positive upwards, roll positive clockwise in the image.
    """

    score: float
    face_size: int
    sharpness: float
    brightness: float
    yaw: float
    pitch: float
    roll: float
