"""How usable a face is, measured without a model: size, sharpness, brightness, pose.

Sharpness and brightness are taken from the aligned crop, so that they mean the same for a large
and a small face: a face that had to be enlarged to 112 pixels is blurred there, as it should be.
"""

from math import asin, atan2, degrees, sqrt
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
_FIT: Final = np.linalg.pinv(_HEAD)
"""(3, 5): the least-squares fit of a head to five points."""
_FLAT: Final = 1e-9


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
    fit = (_FIT @ (points - points.mean(axis=0))).T
    right, down = _orthonormal(fit)
    ahead = (
        right[1] * down[2] - right[2] * down[1],
        right[2] * down[0] - right[0] * down[2],
        right[0] * down[1] - right[1] * down[0],
    )
    yaw = degrees(asin(min(max(ahead[0], -1.0), 1.0)))
    return yaw, degrees(atan2(-ahead[1], ahead[2])), degrees(atan2(down[0], right[0]))


def _orthonormal(rows: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """The orthonormal rows nearest to ``rows`` (2, 3), whose scale is of no interest: (R R^T) to
    the power of -1/2, times R. Of a symmetric matrix S of 2 x 2 the root is (S + d) / t, where
    d^2 is its determinant and t^2 its trace + 2 d.
    """
    (a, b), (_, c) = (rows @ rows.T).tolist()
    root = sqrt(max(a * c - b * b, 0.0))
    if root < _FLAT * (a + c) or root == 0.0:  # landmarks on one line
        u, _, vt = np.linalg.svd(rows, full_matrices=False)
        right, down = (u @ vt).tolist()
        return right, down
    scale = root * sqrt(a + c + 2 * root)
    inverse = np.array([[c + root, -b], [-b, a + root]]) / scale
    right, down = (inverse @ rows).tolist()
    return right, down


def _sharpness(grey: NDArray[np.float32]) -> float:
    """Root mean square of the four-neighbour Laplacian, squeezed into 0 to 1."""
    middle = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    detail = float(np.sqrt(np.mean((around - 4 * middle) ** 2)))
    return detail / (detail + _HALF_SHARP)


def _exposure(brightness: float) -> float:
    """1 between a fifth and four fifths of full brightness, falling to 0 at black and white."""
    return float(np.clip(min(brightness, 1.0 - brightness) / 0.2, 0.0, 1.0))
