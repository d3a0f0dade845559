"""How usable a face is, measured without a model: size, sharpness, brightness, pose.

Sharpness and brightness are taken from the aligned crop, so that they mean the same for a large
and a small face: a face that had to be enlarged to 112 pixels is blurred there, as it should be.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.vision.types import AlignedCrop, Box, Landmarks, Quality

_LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""ITU-R BT.601, as Pillow's mode L."""
_INNER: Final = slice(16, 96)
"""Rows and columns of the crop that are face in every pose; the rest is hair and background."""
_GOOD_SIZE: Final = 112.0
"""Pixels from which on the embedder's input is no longer enlarged."""
_HALF_SHARP: Final = 8.0
"""Root mean square of the Laplacian, in grey levels, that counts as sharpness 0.5."""
_FACE: Final = np.array(
    [
        [36.8, 52.8, 0.0],
        [75.2, 52.8, 0.0],
        [56.0, 74.0, -17.0],
        [39.6, 90.0, -4.0],
        [72.4, 90.0, -4.0],
    ]
)
"""x and y: the median of the detector's landmarks in 3,059 frontal faces of LFW, aligned, made
symmetric. z away from the camera: the nose tip stands some 28 mm before the eyes (about 1.65 mm
a pixel), the corners of the mouth 7 mm."""
_HEAD: Final = _FACE - _FACE.mean(axis=0)


def measure_quality(box: Box, landmarks: Landmarks, crop: AlignedCrop) -> Quality:
    """The quality of the face in ``box``, whose aligned crop is ``crop`` (112, 112, 3).

    ``score`` is the geometric mean of four terms, each 0 to 1: size, sharpness, exposure, pose;
    anything that makes a face useless on its own makes the score 0.
    """
    grey = crop[_INNER, _INNER].astype(np.float32) @ _LUMA
    face_size = max(0.0, min(box.width, box.height))
    sharpness, brightness = _sharpness(grey), float(grey.mean()) / 255.0
    yaw, pitch, roll = pose(landmarks)
    terms = (
        min(1.0, face_size / _GOOD_SIZE),
        sharpness,
        _exposure(brightness),
        max(0.0, float(np.cos(np.radians(yaw)) * np.cos(np.radians(pitch)))),
    )
    return Quality(
        score=float(np.prod(terms) ** (1 / len(terms))),
        face_size=face_size,
        sharpness=sharpness,
        brightness=brightness,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
    )


def pose(landmarks: Landmarks) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees: positive towards the image's right edge, up, clockwise.

    A weak-perspective fit of five points of an average head (the orthographic step of DeMenthon
    and Davis, "Model-based object pose in 25 lines of code", IJCV 15, 1995). Coarse: meant to
    sort out profiles, not to measure heads.
    """
    points = np.asarray(landmarks, np.float64)
    fit, *_ = np.linalg.lstsq(_HEAD, points - points.mean(axis=0), rcond=None)
    u, _, vt = np.linalg.svd(fit.T, full_matrices=False)
    right, down = u @ vt  # the nearest orthonormal rows: scale is of no interest
    ahead = np.cross(right, down)
    yaw = np.degrees(np.arcsin(np.clip(ahead[0], -1.0, 1.0)))
    pitch = np.degrees(np.arctan2(-ahead[1], ahead[2]))
    roll = np.degrees(np.arctan2(down[0], right[0]))
    return float(yaw), float(pitch), float(roll)


def _sharpness(grey: NDArray[np.float32]) -> float:
    """Root mean square of the four-neighbour Laplacian, squeezed into 0 to 1."""
    middle = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    detail = float(np.sqrt(np.mean((around - 4 * middle) ** 2)))
    return detail / (detail + _HALF_SHARP)


def _exposure(brightness: float) -> float:
    """1 between a fifth and four fifths of full brightness, falling to 0 at black and white."""
    return float(np.clip(min(brightness, 1.0 - brightness) / 0.2, 0.0, 1.0))
