"""From five landmarks to the canonical crop that the embedder was trained on."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.vision.types import AlignedCrop, Landmarks, RgbImage

Similarity2d = NDArray[np.float64]
"""(2, 3): rotation, uniform scale and shift, from image pixels to crop pixels."""

ARCFACE_112: Final = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)
"""Where ArcFace (Deng et al. 2019) and SFace expect the five landmarks in a crop of 112 x 112."""


def similarity_transform(source: Landmarks, target: Landmarks) -> Similarity2d:
    """The similarity that takes ``source`` (n, 2) nearest to ``target`` in least squares.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    PAMI 13(4), 1991; without reflection. Points that all coincide give the identity's scale.
    """
    source, target = source.astype(np.float64), target.astype(np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    covariance = (target - target_mean).T @ centred / len(source)
    u, spread, vt = np.linalg.svd(covariance)
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = u @ np.diag(sign) @ vt
    variance = (centred**2).sum() / len(source)
    scale = float(spread @ sign) / variance if variance > 0 else 1.0
    linear = scale * rotation
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])


def warp(image: RgbImage, matrix: Similarity2d, size: tuple[int, int]) -> RgbImage:
    """``image`` through ``matrix`` into ``size`` (width, height), bilinear, black outside.

    ``matrix`` has integer pixel centres, as OpenCV's; Pillow's are at one half. An image that is
    shrunk by two or more is first reduced by whole blocks: without that, large faces alias.
    """
    linear, shift = matrix[:, :2], matrix[:, 2]
    shrink = 1 / max(float(np.sqrt(abs(np.linalg.det(linear)))), 1e-6)
    block = int(np.clip(shrink, 1, 64))
    inverse = np.linalg.inv(linear) if abs(np.linalg.det(linear)) > 1e-12 else np.eye(2)
    offset = -inverse @ shift
    # Output centre (u + 1/2) -> input (x + 1/2), then into the reduced image's pixels.
    offset = offset + 0.5 - inverse @ np.array([0.5, 0.5])
    source = Image.fromarray(image)
    if block > 1:
        source = source.reduce(block)
    a, b, c, d = (inverse / block).ravel().tolist()
    x, y = (offset / block).tolist()
    warped = source.transform(
        size, Image.Transform.AFFINE, (a, b, x, c, d, y), Image.Resampling.BILINEAR
    )
    return np.asarray(warped, np.uint8)


def align_face(image: RgbImage, landmarks: Landmarks) -> AlignedCrop:
    """The 112 x 112 crop with the landmarks at ``ARCFACE_112``."""
    return warp(image, similarity_transform(landmarks, ARCFACE_112), (112, 112))
