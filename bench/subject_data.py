"""The faces of every photograph, kept; and frames of a door put together of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from app.inference.folders import photos_in
from app.inference.pipeline import Pipeline, Sample
from app.inference.walk import Photo, fingerprint
from app.vision.decode import ImageLimits, decode_image
from app.vision.types import Box, RgbImage

Keys = NDArray[np.int64]
Vectors = NDArray[np.float32]

_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)
_WIDTH, _HEIGHT = 1920, 1080
_FACE_AT_1_M: Final = 200.0  # pixels: 15 cm wide, through a lens that sees 70 degrees
_SAME: Final = 0.5  # intersection over union of a face as it was pasted, and as it is found
_AROUND: Final = 1.3
"""Sides of the part of a portrait that is pasted, in those of the face's box."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture's size and its faces: ``boxes`` (n, 4) x, y, width, height; ``scores`` (n,)."""

    width: float
    height: float
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Faces:
    """``persons`` and ``names`` (p,) of the photographs, ``sides`` (p, 2) in pixels, and ``count``
    (p,) of their faces; from row ``first`` (p,) on those are in ``boxes`` (n, 4), ``scores`` (n,)
    and ``embeddings`` (n, d), largest first.
    """

    persons: NDArray[np.str_]
    names: NDArray[np.str_]
    sides: Keys
    count: Keys
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    embeddings: Vectors

    @property
    def first(self) -> Keys:
        """The row of each photograph's first face."""
        return np.cumsum(self.count) - self.count

    def rows(self, photo: int) -> slice:
        """The rows of a photograph's faces."""
        first = int(self.first[photo])
        return slice(first, first + int(self.count[photo]))

    def frame(self, photo: int) -> Frame:
        """A photograph's faces without their embeddings."""
        rows, (width, height) = self.rows(photo), self.sides[photo]
        return Frame(int(width), int(height), self.boxes[rows], self.scores[rows])

    def by_person(self) -> Iterator[tuple[str, Keys]]:
        """Each person's photographs."""
        for person in np.unique(self.persons):
            yield str(person), np.flatnonzero(self.persons == person)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The faces of a picture, and the one (index) that it is of."""

    frame: Frame
    meant: int


def all_faces(folder: Path, pipeline: Pipeline, *, cache: Path, threads: int) -> Faces:
    """The faces of the photographs of ``folder``, from ``cache`` where it has them."""
    photos = photos_in(folder)
    file = cache / f"subject-{pipeline.contract_id}-{fingerprint(photos)[:16]}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, **_found(photos, pipeline, threads))
        part.rename(file)
    with np.load(file) as kept:
        return Faces(**{name: kept[name] for name in kept.files})


def _found(photos: list[Photo], pipeline: Pipeline, threads: int) -> dict[str, Any]:
    def look(photo: Photo) -> tuple[tuple[int, ...], list[Sample], Vectors]:
        image = decode_image(photo.file.read_bytes(), _LIMITS)
        samples = pipeline.find(image)
        return image.shape, samples, pipeline.embed([sample.crop for sample in samples])

    with ThreadPoolExecutor(threads) as pool:
        seen = list(track(pool.map(look, photos), "Finding faces", len(photos)))
    samples = [sample for _, found, _ in seen for sample in found]
    return {
        "persons": np.array([photo.person for photo in photos]),
        "names": np.array([photo.file.stem for photo in photos]),
        "sides": np.array([(shape[1], shape[0]) for shape, _, _ in seen]),
        "count": np.array([len(found) for _, found, _ in seen]),
        "boxes": np.array([_sides(sample.box) for sample in samples]),
        "scores": np.array([sample.detection_score for sample in samples]),
        "embeddings": np.concatenate([rows for _, _, rows in seen]),
    }


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


def off_middle(frame: Frame, meant: int, rng: np.random.Generator) -> Chosen | None:
    """A random square window of a picture that holds all of the face ``meant``, which so comes to
    lie anywhere; None where no other face is half within it.
    """
    x, y, width, height = frame.boxes[meant]
    side = max(rng.uniform(0.5, 1) * min(frame.width, frame.height), width, height)
    least = np.maximum(0, (x + width - side, y + height - side))
    most = np.minimum((x, y), (frame.width - side, frame.height - side))
    if (least > most).any():
        return None
    corner = rng.uniform(least, most)
    first = np.clip(frame.boxes[:, :2] - corner, 0, side)
    sides = np.clip(frame.boxes[:, :2] + frame.boxes[:, 2:] - corner, 0, side) - first
    seen = sides.prod(axis=1) >= frame.boxes[:, 2:].prod(axis=1) / 2
    if seen.sum() == 1:
        return None
    boxes = np.concatenate([first, sides], axis=1)[seen]
    return Chosen(Frame(side, side, boxes, frame.scores[seen]), int(seen[:meant].sum()))


def door_frames(
    folder: Path, faces: Faces, pipeline: Pipeline, *, number: int, threads: int
) -> list[Chosen]:
    """Frames of a camera at a door, those in which the nearest face was found and others were."""
    alone = np.flatnonzero(faces.count == 1)

    def seen(seed: int) -> Chosen | None:
        rng = np.random.default_rng(seed)
        photos = rng.choice(alone, int(rng.integers(2, 5)), replace=False)
        image, nearest = _put_together(folder, faces, photos, rng)
        found = pipeline.find(image)
        at = max(range(len(found)), key=lambda i: nearest.overlap(found[i].box), default=None)
        if at is None or len(found) == 1 or nearest.overlap(found[at].box) < _SAME:
            return None
        boxes = np.array([_sides(sample.box) for sample in found])
        scores = np.array([sample.detection_score for sample in found])
        return Chosen(Frame(_WIDTH, _HEIGHT, boxes, scores), at)

    with ThreadPoolExecutor(threads) as pool:
        frames = list(track(pool.map(seen, range(number)), "Doors", number))
    return [frame for frame in frames if frame is not None]


def _put_together(
    folder: Path, faces: Faces, photos: Keys, rng: np.random.Generator
) -> tuple[RgbImage, Box]:
    """A grey frame with the faces of ``photos``, nearest first, and the box of the nearest."""
    first = rng.uniform(0.5, 1.5)
    metres = [first, *first + rng.uniform(0.4, 3, len(photos) - 1)]
    image = Image.new("RGB", (_WIDTH, _HEIGHT), (128, 128, 128))
    placed: list[Box] = []
    for photo, away in zip(photos, metres, strict=True):
        box = Box(*faces.boxes[faces.first[photo]])
        factor = _FACE_AT_1_M / away * rng.normal(1, 0.06) / box.width  # heads differ in size
        place = _free_place(box.width * factor, box.height * factor, placed, rng)
        if place is None:
            continue
        file = folder / str(faces.persons[photo]) / f"{faces.names[photo]}.jpg"
        with Image.open(file) as portrait:
            cut = portrait.convert("RGB").crop(_edges(_grown(box)))
        left, top, right, bottom = _edges(_grown(place))
        size = right - left, bottom - top
        image.paste(cut.resize(size, Image.Resampling.BICUBIC), (left, top))
        placed.append(place)
    return np.asarray(image), placed[0].within(_WIDTH, _HEIGHT)


def _free_place(
    width: float, height: float, taken: list[Box], rng: np.random.Generator
) -> Box | None:
    """A random place for a face, at most a third of it beyond the border, clear of the others."""
    for _ in range(50):
        x = rng.uniform(-width / 3, _WIDTH - width * 2 / 3)
        y = rng.uniform(-height / 3, _HEIGHT - height * 2 / 3)
        place = Box(x, y, width, height)
        around = Box(x - width * 0.3, y - height * 0.3, width * 1.6, height * 1.6)
        if not any(around.overlap(other) for other in taken):
            return place
    return None


def _grown(box: Box) -> Box:
    width, height = box.width * _AROUND, box.height * _AROUND
    return Box(box.x - (width - box.width) / 2, box.y - (height - box.height) / 2, width, height)


def _edges(box: Box) -> tuple[int, int, int, int]:
    return round(box.x), round(box.y), round(box.x + box.width), round(box.y + box.height)
