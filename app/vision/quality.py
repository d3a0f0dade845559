"""How usable a sample is, from its box, landmarks and aligned crop alone.

Sharpness, brightness and pose are measures, not judgements: what is refused is policy, and lives
with enrolment and recognition.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.vision.align import ARCFACE_112
from app.vision.types import AlignedCrop, Box, Landmarks, Quality

_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_HALF_SHARP: Final = 60.0  # Laplacian variance that counts as 0.5; LFW's median is near 300
_NOSE_DEPTH: Final = 0.6  # nose tip before the plane of the eyes, in distances between the eyes
_GOOD_SIZE: Final = 64.0  # px; SFace loses little above (DIR 0.976 at 28 px, 0.994 at 100)

_FRONTAL_DOWN: Final = float(
    (ARCFACE_112[2, 1] - ARCFACE_112[:2, 1].mean())
    / (ARCFACE_112[3:, 1].mean() - ARCFACE_112[:2, 1].mean())
)
"""Where a frontal face's nose tip is between the eyes (0) and the mouth (1)."""


def assess(box: Box, landmarks: Landmarks, crop: AlignedCrop) -> Quality:
    """The quality of one face; ``crop`` is its aligned image."""
    luma = crop.astype(np.float32) @ _LUMA
    yaw, pitch, roll = head_pose(landmarks)
    sharp, bright = sharpness(luma), brightness(luma)
    size = max(0, round(min(box.width, box.height)))
    factors = (
        min(1.0, size / _GOOD_SIZE),
        min(1.0, sharp / 0.3),
        np.clip(min(bright / 0.2, (1 - bright) / 0.1), 0, 1),
        np.cos(np.radians(yaw)) * np.cos(np.radians(pitch)),
    )
    return Quality(float(np.prod(factors)), size, sharp, bright, yaw, pitch, roll)


def sharpness(luma: NDArray[np.float32]) -> float:
    """0 to 1: variance v of the Laplacian over the crop's middle, as v / (v + 60).

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    inner = luma[16:-16, 16:-16] if min(luma.shape) > 40 else luma
    if min(inner.shape) < 3:
        return 0.0
    laplacian = (
        inner[:-2, 1:-1] + inner[2:, 1:-1] + inner[1:-1, :-2] + inner[1:-1, 2:]
    ) - 4 * inner[1:-1, 1:-1]
    variance = float(laplacian.var())
    return variance / (variance + _HALF_SHARP)


def brightness(luma: NDArray[np.float32]) -> float:
    """0 (black) to 1 (white): the mean luma of the crop."""
    return float(luma.mean()) / 255


def head_pose(landmarks: Landmarks) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees, from how far the nose tip leaves the plane of the others.

    A nose that stands ``d`` before the eyes' plane moves sideways by ``d tan(yaw)`` of the (seen)
    distance between the eyes; likewise up and down between eyes and mouth.
    """
    eyes = landmarks[1] - landmarks[0]
    roll = float(np.arctan2(eyes[1], eyes[0]))
    upright = _rotated(landmarks, -roll)
    middle_eyes, middle_mouth = upright[:2].mean(axis=0), upright[3:].mean(axis=0)
    apart = max(float(np.linalg.norm(upright[1] - upright[0])), 1e-3)
    tall = max(float(middle_mouth[1] - middle_eyes[1]), 1e-3)
    sideways = (float(upright[2, 0]) - float((middle_eyes[0] + middle_mouth[0]) / 2)) / apart
    down = (float(upright[2, 1]) - float(middle_eyes[1])) / tall
    yaw = np.arctan(sideways / _NOSE_DEPTH)
    pitch = np.arctan((_FRONTAL_DOWN - down) / _NOSE_DEPTH)
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def _rotated(points: Landmarks, angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    turned: NDArray[np.float64] = points @ np.array([[cosine, sine], [-sine, cosine]])
    return turned
