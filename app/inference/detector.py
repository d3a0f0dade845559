"""Finds faces in an image with YuNet, decoded in numpy.

Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023.
The network gives for each cell of three grids (strides 8, 16, 32) a face score, a box and five
landmarks. OpenCV's FaceDetectorYN is the reference that the tests hold this to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inference.session import open_session
from app.vision.types import Box, Landmarks, RgbImage

_STRIDES: Final = (8, 16, 32)
_SIDES: Final = (640, 1280)
"""Longest sides of the levels in pixels. YuNet finds faces of about 10 to 300 px, so a larger image
is shrunk to the first for its large faces and to the second for its small ones."""
_LONE: Final = 160.0
"""Size of a face at a level, in pixels, from which it must be found at the level below as well,
where it is half as large. Beyond 350 px YuNet is unsure of a face and finds others inside it. Of
805 close-ups (112 photographs, faces of 300 to 2,000 px) 39 had a second box inside the first
without this rule, and none has with it. The rule loses no faces: 738 of 744 are found in 372
composites of a child before an adult, and 531 of 556 in 240 photos of groups, with it and without.
Any number from 100 to 200 gives the same."""
_FAINT: Final = 0.5
"""Share of the score threshold that is enough at the level below, where a face scores lower."""
_SAME: Final = 0.5  # intersection over union of one face at two levels

_LARGEST_LOG_SIZE: Final = 7.0  # e^7 cells of 32 px are beyond any image; more would overflow

_Rows = NDArray[np.float32]
"""(n, 15): x, y, width, height, five landmarks x, y, score."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One face: its box, landmarks (5, 2) and score, 0 to 1, higher is surer."""

    box: Box
    landmarks: Landmarks
    score: float


class YuNet:
    """Finds every face of an image. Thread-safe."""

    def __init__(self, model: Path, *, score_threshold: float, nms_threshold: float) -> None:
        self._session = open_session(model)
        self._input = self._session.get_inputs()[0].name
        self._outputs = [f"{kind}_{s}" for s in _STRIDES for kind in ("cls", "obj", "bbox", "kps")]
        self._score_threshold = score_threshold
        self._nms_threshold = nms_threshold

    def detect(self, image: RgbImage) -> list[Detection]:
        """All faces, largest first. Boxes lie within the image; landmarks may lie outside of it
        where the border cuts the face.
        """
        rows = _suppress(self._rows(image), self._nms_threshold)
        faces = [_detection(row, image) for row in rows]
        seen = [face for face in faces if min(face.box.width, face.box.height) >= 1]
        return sorted(seen, key=lambda face: face.box.area, reverse=True)

    def best_score(self, image: RgbImage) -> float:
        """The highest score, 0 to 1, of a face in ``image``; 0 where there is none."""
        return max((face.score for face in self.detect(image)), default=0.0)

    def _rows(self, image: RgbImage) -> _Rows:
        """The faces above the threshold at every level; large ones if the level below agrees."""
        scales = _scales(image.shape)
        if len(scales) == 1:
            return self._detect_at(image, scales[0], self._score_threshold)
        faint = self._score_threshold * _FAINT
        below, above = (self._detect_at(image, scale, faint) for scale in scales)
        above = _seconded(above, _suppress(below, self._nms_threshold), _LONE / scales[1])
        rows = np.concatenate([below, above])
        return np.asarray(rows[rows[:, 14] >= self._score_threshold])

    def _detect_at(self, image: RgbImage, scale: float, threshold: float) -> _Rows:
        """The cells above ``threshold``, as faces in pixels of ``image``."""
        seen = _resized(image, scale)
        blob = _to_blob(seen)
        maps = dict(
            zip(self._outputs, self._session.run(self._outputs, {self._input: blob}), strict=True)
        )
        width = blob.shape[3]
        rows = np.concatenate(
            [self._decode(maps, stride, width // stride, threshold) for stride in _STRIDES]
        )
        rows[:, :14] *= np.tile((image.shape[1] / seen.shape[1], image.shape[0] / seen.shape[0]), 7)
        return rows

    def _decode(
        self, maps: dict[str, NDArray[np.float32]], stride: int, columns: int, threshold: float
    ) -> _Rows:
        """The cells above ``threshold``, as faces in pixels of the network's input."""
        raw = maps[f"cls_{stride}"][0, :, 0].clip(0, 1) * maps[f"obj_{stride}"][0, :, 0].clip(0, 1)
        score = np.sqrt(raw)
        cells = np.flatnonzero(score >= threshold)
        corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
        boxes = maps[f"bbox_{stride}"][0, cells]
        size = np.exp(np.minimum(boxes[:, 2:], _LARGEST_LOG_SIZE)) * stride
        centre = (corner + boxes[:, :2]) * stride
        points = (maps[f"kps_{stride}"][0, cells].reshape(-1, 5, 2) + corner[:, None]) * stride
        columns_of_a_row = [centre - size / 2, size, points.reshape(-1, 10), score[cells, None]]
        return np.concatenate(columns_of_a_row, axis=1)


def _detection(row: NDArray[np.float32], image: RgbImage) -> Detection:
    box = Box(*(float(value) for value in row[:4])).within(image.shape[1], image.shape[0])
    return Detection(box, row[4:14].reshape(5, 2).copy(), float(row[14]))


def _seconded(rows: _Rows, below: _Rows, largest: float) -> _Rows:
    """The ``rows`` that are no larger than ``largest`` pixels, or are in ``below`` as well."""
    kept = [max(row[2:4]) <= largest or (_overlap(row, below) >= _SAME).any() for row in rows]
    return np.asarray(rows[np.array(kept, bool)])


def _scales(shape: tuple[int, ...]) -> list[float]:
    longest = max(shape[:2])
    if longest <= _SIDES[0]:
        return [1.0]
    return [min(1.0, side / longest) for side in _SIDES]


def _resized(image: RgbImage, scale: float) -> RgbImage:
    if scale == 1.0:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    # BOX averages every source pixel, so shrinking does not alias. Nothing is enlarged here.
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX), np.uint8)


def _to_blob(image: RgbImage) -> NDArray[np.float32]:
    """(1, 3, h, w) blue first, 0 to 255, padded below and right to a multiple of 32 with zeros."""
    height, width = image.shape[:2]
    blob = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
    blob[0, :, :height, :width] = image.transpose(2, 0, 1)[::-1]
    return blob


def _suppress(rows: _Rows, threshold: float) -> _Rows:
    """Greedy non-maximum suppression: of faces that overlap more than ``threshold``, the surest."""
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    kept: list[NDArray[np.float32]] = []
    while len(rows):
        kept.append(rows[0])
        rows = rows[1:][_overlap(rows[0], rows[1:]) <= threshold]
    return np.array(kept, np.float32).reshape(-1, 15)


def _overlap(one: NDArray[np.float32], others: _Rows) -> NDArray[np.float32]:
    """Intersection over union of one box with each of the others."""
    top_left = np.maximum(one[:2], others[:, :2])
    bottom_right = np.minimum(one[:2] + one[2:4], others[:, :2] + others[:, 2:4])
    intersection = np.prod(np.maximum(bottom_right - top_left, 0), axis=1)
    union = one[2] * one[3] + others[:, 2] * others[:, 3] - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9), np.float32)
