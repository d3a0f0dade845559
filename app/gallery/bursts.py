"""Reads a folder of people as bursts at a door: templates, and frames that the door might see."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from app.evaluation.bursts import Bursts
from app.gallery.enrolment import Enroller, ImageFile, Template
from app.inference.analyser import Analyser
from app.inference.embedder import Embeddings
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import largest_faces
from app.inference.upright import turned
from app.inference.walk import Photo
from app.vision.decode import UNREADABLE, ImageLimits, decode_image
from app.vision.video import burst

_TEMPLATES: Final = 3
"""Photos of a person that are enrolled at the most: some people have hundreds, at no door."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One person: ``templates`` (n, d) and ``frames`` (m, d), of ``offered``."""

    templates: list[Embeddings] = field(default_factory=list)
    frames: list[Embeddings] = field(default_factory=list)
    offered: int = 0


@dataclass(frozen=True, slots=True)
class BurstReader:
    """Turns the photos of people into bursts of ``frames``: views of one photo as a video camera
    takes them, or, where ``real``, that many other photos of the person. Thread-safe.
    """

    enroller: Enroller
    analyser: Analyser
    policy: QualityPolicy
    limits: ImageLimits
    frames: int
    seed: int
    real: bool = False

    def read(
        self, photos: Sequence[Photo], *, most: int, threads: int, done: Callable[[], None]
    ) -> Bursts:
        """The bursts of at most ``most`` people, drawn by chance; ``done`` after each of them.

        ``InvalidRequest`` where too few are left to measure anything.
        """
        by_person: dict[str, list[Path]] = {}
        for photo in photos:
            by_person.setdefault(photo.person, []).append(photo.file)
        people = sorted(by_person)
        drawn = np.random.default_rng(self.seed).permutation(len(people))[:most]
        people = [people[each] for each in np.sort(drawn).tolist()]
        with ThreadPoolExecutor(threads) as pool:
            found = []
            files = [by_person[person] for person in people]
            for each in pool.map(self._person, range(len(people)), files):
                found.append(each)
                done()
        return _bursts(people, found, self.analyser.pipeline.dimension)

    def _person(self, number: int, files: Sequence[Path]) -> _Seen:
        rng = np.random.default_rng((self.seed, number))
        images = self._images(files)
        order = [images[each] for each in rng.permutation(len(images)).tolist()]
        if self.real:
            return self._photographed(order)
        return self._filmed(order, rng)

    def _photographed(self, images: Sequence[ImageFile]) -> _Seen:
        """Enrolled with one photo, and seen on others; a stranger needs only the others."""
        seen = images[1 : 1 + self.frames]
        if len(seen) < min(2, self.frames):
            return _Seen()
        frames = [found for each in seen if (found := self._frame(each.data)) is not None]
        templates, _ = self.enroller.examine(images[:1])
        return _Seen([each.embedding for each in templates], frames, len(seen))

    def _filmed(self, images: Sequence[ImageFile], rng: np.random.Generator) -> _Seen:
        """Seen on views of the first photo that can be enrolled; enrolled with others."""
        taken: list[tuple[ImageFile, Template]] = []
        for image in images:
            taken += [(image, each) for each in self.enroller.examine([image])[0]]
            if len(taken) > _TEMPLATES:
                break
        if not taken:
            return _Seen()
        image, template = taken[0]
        pixels = turned(decode_image(image.data, self.limits), template.turned_degrees)
        views = burst(pixels, template.sample.box, self.frames, rng)
        frames = [found for each in views if (found := self._frame(each)) is not None]
        return _Seen([each.embedding for _, each in taken[1:]], frames, len(views))

    def _frame(self, data: bytes) -> Embeddings | None:
        """The embedding of the largest face, as a door takes it; None where it cannot be used."""
        try:
            analysis = self.analyser.analyse(data, largest_faces(1), self.policy.to_identify)
        except UNREADABLE:
            return None
        return analysis.faces[0].embedding if analysis.faces else None

    @staticmethod
    def _images(files: Sequence[Path]) -> list[ImageFile]:
        """The readable ones of ``files``, each picture once: a copy would recognise itself."""
        images: dict[str, ImageFile] = {}
        for file in files:
            try:
                image = ImageFile(file.name, file.read_bytes())
            except OSError:
                continue
            images.setdefault(image.sha256, image)
        return list(images.values())


def _bursts(people: Sequence[str], found: Sequence[_Seen], dimension: int) -> Bursts:
    templates = [(row, each) for row, seen in enumerate(found) for each in seen.templates]
    frames = [(row, each) for row, seen in enumerate(found) for each in seen.frames]
    return Bursts(
        templates=np.array([each for _, each in templates], np.float32).reshape(-1, dimension),
        owners=np.array([row for row, _ in templates], np.int64),
        frames=np.array([each for _, each in frames], np.float32).reshape(-1, dimension),
        subjects=np.array([row for row, _ in frames], np.int64),
        people=people,
        offered=sum(each.offered for each in found),
        without=sum(each.offered > 0 and not each.frames for each in found),
    )
