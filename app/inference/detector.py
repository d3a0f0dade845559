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

from app.inference.levels import Level, Part
from app.inference.rows import Rows, overlap, seconded, suppress
from app.inference.session import IsAlone, open_session, open_wide
from app.vision.picture import Picture
from app.vision.types import Box, Landmarks, RgbImage

_STRIDES: Final = (8, 16, 32)
_SIDES: Final = (640, 1280)
"""Longest sides in pixels of the levels, in which faces are measured. YuNet finds faces of about 10
to 300 px, so a larger image is shrunk to the first for its large faces and to the second for its
small ones."""
_LONE: Final = 160.0
"""Size of a face at a level, in pixels, from which it must be found at the level below as well,
where it is half as large. Beyond 350 px YuNet is unsure of a face and finds others inside it. Of
805 close-ups (112 photographs, faces of 300 to 2,000 px) 39 had a second box inside the first
without this rule, and none has with it. The rule loses no faces: 738 of 744 are found in 372
composites of a child before an adult, and 531 of 556 in 240 photos of groups, with it and without.
Any number from 100 to 200 gives the same."""
_FAINT: Final = 0.5
"""Share of the score threshold that is enough at the level below, where a face scores lower."""
_SEEN: Final = 18.0
"""Size in pixels at which a glance sees every face that the levels find: of 39 faces of 60 px in
frames of 1920 x 1080 it saw 39, at 16 px 38, at 12 px 35."""
_NEARLY: Final = 0.75
"""Share of the least size from which a face at a glance is looked at: there it is less exact."""
_NEAR: Final = 0.3  # intersection over union of a face at a glance and in a look at it
_SMALLEST: Final = 10.0
_LARGEST: Final = 320.0
"""Pixels of a face at a level, below and above which it is not looked at there: those YuNet does
not find, and these it finds at the level below."""

_WIDE: Final = 3 * 320**2
"""Numbers of an input from which a second thread saves time: 640 x 480 pixels take 4.1 ms with it
and 7.3 without, 448 x 448 2.9 and 4.8."""
_LARGEST_LOG_SIZE: Final = 7.0  # e^7 cells of 32 px are beyond any image; more would overflow
FINEST: Final = _SIDES[1]
"""Longest side in pixels of the largest picture that is searched."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One face: its box, landmarks (5, 2) and score, 0 to 1, higher is surer."""

    box: Box
    landmarks: Landmarks
    score: float


class YuNet:
    """Finds every face of an image. Thread-safe."""

    def __init__(
        self,
        model: Path,
        *,
        score_threshold: float,
        nms_threshold: float,
        is_alone: IsAlone | None = None,
    ) -> None:
        self._session, self._wide = open_session(model), open_wide(model, is_alone)
        self._input = self._session.get_inputs()[0].name
        self._outputs = [f"{kind}_{s}" for s in _STRIDES for kind in ("cls", "obj", "bbox", "kps")]
        self._score_threshold = score_threshold
        self._nms_threshold = nms_threshold

    def detect(self, image: RgbImage | Picture, *, least: float = 0) -> list[Detection]:
        """All faces of ``least`` pixels or more, largest first, and some that are smaller. Boxes
        lie within the image; landmarks may lie outside of it where the border cuts the face.
        """
        picture = Picture.of(image)
        rows = suppress(self._rows(picture, least), self._nms_threshold)
        faces = [_detection(row, picture) for row in rows]
        seen = [face for face in faces if min(face.box.width, face.box.height) >= 1]
        return sorted(seen, key=lambda face: face.box.area, reverse=True)

    def best_score(self, image: RgbImage) -> float:
        """The highest score, 0 to 1, of a face in ``image``; 0 where there is none."""
        return max((face.score for face in self.detect(image)), default=0.0)

    def _rows(self, picture: Picture, least: float) -> Rows:
        """The faces above the threshold at every level; large ones if the level below agrees."""
        if max(picture.width, picture.height) <= _SIDES[0]:
            whole = Level.of(picture, _SIDES[0])
            return self._detect_at(picture, whole, whole.all, self._score_threshold)
        levels = [Level.of(picture, side) for side in _SIDES]
        below, above = self._glanced(picture, levels, least)
        largest = _LONE * max(levels[1].ratio)
        above = seconded(above, suppress(below, self._nms_threshold), largest)
        rows = np.concatenate([below, above])
        return np.asarray(rows[rows[:, 14] >= self._score_threshold])

    def _glanced(self, picture: Picture, levels: list[Level], least: float) -> list[Rows]:
        """The faint faces at each of the ``levels``. Where faces may be is seen at a glance, in
        pixels enough for the ``least``; then only these places are looked at in the levels.
        """
        glances = [Level.of(picture, side) for side in _glances(picture, least)]
        seen = {level: self._whole(picture, level) for level in glances}
        places = suppress(np.concatenate(list(seen.values())), self._nms_threshold)
        if levels[1] not in seen:
            places = places[places[:, 2:4].min(axis=1) >= least * _NEARLY]
        return [
            seen[level] if level in seen else self._looked(picture, level, places, most)
            for level, most in zip(levels, (np.inf, _LARGEST), strict=True)
        ]

    def _whole(self, picture: Picture, level: Level) -> Rows:
        return self._detect_at(picture, level, level.all, self._score_threshold * _FAINT)

    def _looked(self, picture: Picture, level: Level, places: Rows, most: float) -> Rows:
        """The faint faces at the ``level``, of ``most`` pixels there, at the ``places``."""
        wanted = [row for row in places if _SMALLEST <= level.size_of(row) <= most]
        parts = [level.around(row) for row in wanted]
        if sum(part.area for part in parts) >= level.all.area:
            return self._whole(picture, level)
        found = [np.empty((0, 15), np.float32)]
        for row, part in zip(wanted, parts, strict=True):
            rows = self._detect_at(picture, level, part, self._score_threshold * _FAINT)
            found.append(rows[overlap(row, rows) >= _NEAR])
        return np.concatenate(found)

    def _detect_at(self, picture: Picture, level: Level, part: Part, threshold: float) -> Rows:
        """The cells of a ``part`` of a ``level`` above ``threshold``, as faces in pixels of the
        picture.
        """
        blob = _to_blob(level.pixels(picture, part))
        wide = self._wide() if blob.size >= _WIDE else None
        found = (wide or self._session).run(self._outputs, {self._input: blob})
        maps = dict(zip(self._outputs, found, strict=True))
        width = blob.shape[3]
        rows = np.concatenate(
            [self._decode(maps, stride, width // stride, threshold) for stride in _STRIDES]
        )
        rows[:, :2] += part.left, part.top
        rows[:, 4:14] += np.tile((part.left, part.top), 5)
        rows[:, :14] *= np.tile(level.ratio, 7)
        return rows

    def _decode(
        self, maps: dict[str, NDArray[np.float32]], stride: int, columns: int, threshold: float
    ) -> Rows:
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


def _glances(picture: Picture, least: float) -> tuple[int, ...]:
    """Longest sides of the levels at which faces of ``least`` pixels or more are seen. At the
    largest one the very large faces are not: they are seen at a quarter of it.
    """
    longest = max(picture.width, picture.height)
    for side in (_SIDES[0] // 2, _SIDES[0]):
        if least * side >= _SEEN * longest:
            return (side,)
    return (_SIDES[1], _SIDES[1] // 4)


def _detection(row: NDArray[np.float32], picture: Picture) -> Detection:
    box = Box(*(float(value) for value in row[:4])).within(picture.width, picture.height)
    return Detection(box, row[4:14].reshape(5, 2).copy(), float(row[14]))


def _to_blob(image: RgbImage) -> NDArray[np.float32]:
    """(1, 3, h, w) blue first, 0 to 255, padded below and right to a multiple of 32 with zeros."""
    height, width = image.shape[:2]
    blob = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
    blob[0, :, :height, :width] = image.transpose(2, 0, 1)[::-1]
    return blob
