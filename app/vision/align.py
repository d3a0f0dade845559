"""A face to the place where the embedder was trained to see it.

Five landmarks fix a similarity transform (turn, scale, shift) to the ArcFace template of 112 x 112
pixels. Coordinates are OpenCV's: whole numbers are pixel centres.
"""

from math import ceil, floor, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.vision.types import AlignedCrop, Landmarks, RgbImage

ARCFACE_SIZE: Final = 112
ARCFACE_112: Final[NDArray[np.float32]] = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    dtype=np.float32,
)
"""(5, 2) x and y in pixels: the places of the five landmarks in a crop of 112 x 112, as InsightFace
and OpenCV's FaceRecognizerSF put them."""
ARCFACE_112.setflags(write=False)

_CELLS: Final = np.asarray(np.argwhere(np.ones((28, 28))) * 4 + 1.5, np.float64)
"""(784, 2): the middles of the crop's cells of 4 x 4 pixels."""
_CORNERS: Final = _CELLS[[0, 27, -28, -1]]
"""(4, 2): the cells at the corners; an image that shows these shows all cells."""
_FLAT: Final = 1e-12
"""A transform that shrinks an area to less than this share counts as one that leaves none."""
_LARGEST_BLOCK: Final = 64
"""A face would have to be 7,000 pixels wide to need more."""


def align_face(image: RgbImage | Image.Image, landmarks: Landmarks) -> AlignedCrop:
    """The face as (112, 112, 3), eyes level; what lies past the image's border is black."""
    return warp(image, similarity_transform(landmarks, ARCFACE_112), ARCFACE_SIZE)


def cut_off(landmarks: Landmarks, width: int, height: int) -> float:
    """The share, 0 to 1, of the aligned face that lies outside of an image of this size; 1 where
    one of the landmarks does, for it is a guess.
    """
    x, y = landmarks[:, 0], landmarks[:, 1]
    if x.min() < 0 or y.min() < 0 or x.max() > width - 1 or y.max() > height - 1:
        return 1.0
    inverse = _invert(similarity_transform(landmarks, ARCFACE_112))
    if _inside(_CORNERS, inverse, width, height).all():
        return 0.0
    return 1.0 - float(_inside(_CELLS, inverse, width, height).mean())


def _inside(
    points: NDArray[np.float64], inverse: NDArray[np.float64], width: int, height: int
) -> NDArray[np.bool_]:
    """Which of the crop's ``points`` (n, 2) the image shows: (n,)."""
    seen = points @ inverse[:, :2].T + inverse[:, 2]
    return np.asarray(((seen > -0.5) & (seen < (width - 0.5, height - 0.5))).all(axis=1))


def similarity_transform(
    source: NDArray[np.floating], target: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The (2, 3) matrix that takes ``source`` (n, 2) nearest to ``target`` in least squares.

    The similarity of S. Umeyama, "Least-squares estimation of transformation parameters between two
    point patterns", PAMI 13 (1991). In a plane it is one division of complex numbers, since a turn
    and a scale are a product with one. Points that all coincide have no scale; they are taken at
    scale 1.
    """
    a, b = _complex(source), _complex(target)
    centre_a, centre_b = a.mean(), b.mean()
    a, b = a - centre_a, b - centre_b
    length = np.vdot(a, a).real
    turn = complex(np.vdot(a, b) / length) if length > 0 else 1 + 0j
    shift = complex(centre_b - turn * centre_a)
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _complex(points: NDArray[np.floating]) -> NDArray[np.complex128]:
    """Points (n, 2) as x + iy: (n,)."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[:, 0]


def warp(image: RgbImage | Image.Image, matrix: NDArray[np.floating], size: int) -> RgbImage:
    """``image`` through ``matrix`` (2, 3; image to crop) as (size, size, 3), bilinear.

    What lies outside is black, and blends into the border as in OpenCV. Where the crop is much
    smaller than what it shows, the image is first averaged over whole blocks of pixels, or fine
    grain would turn into false detail.
    """
    inverse = _invert(np.asarray(matrix, np.float64))
    part, inverse = _part(image, inverse, size)
    (a, b, x), (c, d, y) = inverse.tolist()
    # Pillow counts from the corner of the first pixel.
    data = (a, b, x + 0.5 - (a + b) / 2, c, d, y + 0.5 - (c + d) / 2)
    result = part.transform(
        (size, size), Image.Transform.AFFINE, data, resample=Image.Resampling.BILINEAR
    )
    return np.array(result)


def _invert(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    (a, b, x), (c, d, y) = matrix.tolist()
    det = a * d - b * c
    if abs(det) < _FLAT:  # a degenerate face gives some crop, never an exception
        turn = np.linalg.pinv(matrix[:, :2])
        return np.column_stack([turn, -turn @ matrix[:, 2]])
    a, b, c, d = d / det, -b / det, -c / det, a / det
    return np.array([[a, b, -a * x - b * y], [c, d, -c * x - d * y]])


def _part(
    image: RgbImage | Image.Image, inverse: NDArray[np.float64], size: int
) -> tuple[Image.Image, NDArray[np.float64]]:
    """The crop's region with a black rim, reduced by a whole factor, and the matrix into it."""
    (a, b, _), (c, d, _) = inverse.tolist()
    block = int(min(max(sqrt(abs(a * d - b * c)), 1), _LARGEST_BLOCK))
    extent = image.size if isinstance(image, Image.Image) else image.shape[1::-1]
    place = _seen(inverse, size, extent, block + 1)
    part = _cut_out(image, *place).reduce(block)
    turn, shift = inverse[:, :2], inverse[:, 2] - place[:2]
    return part, np.column_stack([turn / block, (shift + 0.5) / block - 0.5])


def _cut_out(
    image: RgbImage | Image.Image, left: int, top: int, right: int, bottom: int
) -> Image.Image:
    """A part of the image; black where it lies outside. Nothing else of the image is copied."""
    if isinstance(image, Image.Image):
        return image.crop((left, top, right, bottom))
    height, width = image.shape[:2]
    inside = image[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    x, y = min(left, 0), min(top, 0)
    return Image.fromarray(inside).crop((x, y, x + right - left, y + bottom - top))


def _seen(
    inverse: NDArray[np.float64], size: int, extent: tuple[int, ...], rim: int
) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels under the crop, at most ``rim`` past the image, which
    has ``extent`` (width, height).
    """
    (a, b, x), (c, d, y) = inverse.tolist()
    left, right = _span(a * size, b * size, x, extent[0], rim)
    top, bottom = _span(c * size, d * size, y, extent[1], rim)
    return left, top, right, bottom


def _span(across: float, down: float, start: float, limit: int, rim: int) -> tuple[int, int]:
    """Along one axis, the first pixel and the last + 1 of a parallelogram with a corner at
    ``start`` and sides that reach ``across`` and ``down``; with ``rim`` pixels more at each end.
    """
    ends = (start, start + across, start + down, start + across + down)
    low = min(max(floor(min(ends)) - rim, -rim), limit - 1)
    high = min(max(ceil(max(ends)) + rim, low + 1), limit + rim)
    return low, high
