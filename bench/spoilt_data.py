"""The faces of the bench of spoilt faces, through the service's own pipeline, and kept.

Four groups of people, none of whom is in another: 400 to learn the damage from, 300 whose spoilt
faces are enrolled and come as strangers, 1,500 for galleries and probes that are as they should be,
and all others, whole, to learn from as well.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress, track

import app.inference.spoilt_faces
import app.vision.spoiling
from app.inference.analyser import Analyser
from app.inference.inference_slots import InferenceSlots
from app.inference.pipeline import Pipeline
from app.inference.spoilt_faces import embed_spoilt, one_each
from app.inference.walk import Photo, fingerprint
from app.vision.decode import ImageLimits, decode_image
from app.vision.spoiling import KINDS
from app.vision.types import AlignedCrop
from bench import spoilt_kinds
from bench.degraded_views import CLEAN, VIEWS, seen
from bench.openset_data import central_face
from bench.spoilt_kinds import UNSEEN

Vectors = NDArray[np.float32]
Names = NDArray[np.str_]

LEARNED, SPOILT, JUDGED = 400, 300, 1500
_VIEWED: Final = 2  # photos of a person that are degraded: the fourth and the fifth
_TEMPLATES: Final = 3
_STRANGERS: Final = 500
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """Embeddings (n, d), those of the ``same`` photos as they were (n, d), the kinds of damage
    (n,), and the people (n,).
    """

    vectors: Vectors
    same: Vectors
    kinds: Names
    people: Names

    def of(self, kind: str) -> tuple[Vectors, Names]:
        """The faces of one kind, and whose they are."""
        rows = self.kinds == kind
        return self.vectors[rows], self.people[rows]


@dataclass(frozen=True, slots=True)
class Data:
    """``learned`` and ``spoilt`` faces; ``whole`` ones to learn from (n, d); and the first three
    photos of the people who are judged, ``templates`` by person (k, d), with further ones, or of
    people who have none the first, as every view shows them: ``views`` (m, d), of the people
    ``viewed`` (m,).
    """

    learned: Spoilt
    spoilt: Spoilt
    whole: Vectors
    templates: Mapping[str, Vectors]
    views: Mapping[str, Vectors]
    viewed: Names


def faces(photos: list[Photo], pipeline: Pipeline, *, cache: Path, threads: int) -> Data:
    """Everything that the bench needs of ``photos``, from ``cache`` where it has it."""
    order = [photo.person for photo in one_each(photos, most=len(photos))]
    learned, spoilt = order[:LEARNED], order[LEARNED : LEARNED + SPOILT]
    judged = order[LEARNED + SPOILT : LEARNED + SPOILT + JUDGED]
    others = order[LEARNED + SPOILT + JUDGED :]
    kept = _Kept(photos, pipeline, cache, threads)
    whole = kept.whole([*learned, *others], most=1)
    some = kept.whole(judged, most=_TEMPLATES)
    views, viewed = kept.views(judged)
    return Data(
        kept.spoilt(learned),
        kept.spoilt(spoilt, unseen=True),
        np.concatenate(list(whole.values())),
        some,
        views,
        viewed,
    )


class _Kept:
    """Embeds, and keeps what came out."""

    def __init__(self, photos: list[Photo], pipeline: Pipeline, cache: Path, threads: int) -> None:
        self._pipeline, self._cache, self._threads = pipeline, cache, threads
        self._analyser = Analyser(pipeline, InferenceSlots(threads, 64, wait_seconds=600), _LIMITS)
        self._of: dict[str, list[Photo]] = {}
        for photo in photos:
            self._of.setdefault(photo.person, []).append(photo)

    def spoilt(self, people: Sequence[str], *, unseen: bool = False) -> Spoilt:
        """One photo each of ``people``, spoilt in every way that builds know, or in all."""
        photos, kinds = [self._of[person][0] for person in people], {**KINDS}
        if unseen:
            kinds |= UNSEEN

        def made() -> dict[str, Any]:
            with Progress() as bar:
                task = bar.add_task("spoilt faces", total=len(photos))
                found = embed_spoilt(
                    self._analyser,
                    photos,
                    threads=self._threads,
                    kinds=kinds,
                    done=lambda: bar.advance(task),
                )
            return {
                "vectors": found.embeddings,
                "same": found.same,
                "kinds": found.kinds,
                "people": found.labels,
            }

        return Spoilt(**self._kept("spoilt", photos, [*kinds], made))

    def whole(self, people: Sequence[str], *, most: int) -> dict[str, Vectors]:
        """Up to ``most`` photos each, as they are; people without a face are left out."""
        photos = [photo for person in people for photo in self._of[person][:most]]

        def made() -> dict[str, Any]:
            return self._embedded(photos, {CLEAN: lambda crop, _: crop}, "whole faces")

        found = self._kept("whole", photos, [str(most)], made)
        owners = found["people"]
        return {person: found[CLEAN][owners == person] for person in people if person in owners}

    def views(self, people: Sequence[str]) -> tuple[dict[str, Vectors], Names]:
        """The photos after the templates, and one photo each of some people who have no more than
        templates, as every view shows them.
        """
        end = _TEMPLATES + _VIEWED
        photos = [photo for person in people for photo in self._of[person][_TEMPLATES:end]]
        few = [person for person in people if len(self._of[person]) <= _TEMPLATES]
        photos += [self._of[person][0] for person in few[:_STRANGERS]]

        def made() -> dict[str, Any]:
            shown = {name: (lambda crop, row, name=name: seen(crop, row, name)) for name in VIEWS}
            return self._embedded(photos, shown, "degraded faces")

        found = self._kept("views", photos, [*VIEWS], made)
        return {name: found[name] for name in VIEWS}, found["people"]

    def _embedded(
        self,
        photos: list[Photo],
        views: Mapping[str, Callable[[AlignedCrop, int], AlignedCrop]],
        title: str,
    ) -> dict[str, Any]:
        def rows(each: tuple[int, Photo]) -> tuple[str, Vectors] | None:
            row, photo = each
            image = decode_image(photo.file.read_bytes(), _LIMITS)
            face = central_face(self._pipeline, image)
            if face is None:
                return None
            crops = [view(face.crop, row) for view in views.values()]
            return photo.person, self._pipeline.embed(crops)

        with ThreadPoolExecutor(self._threads) as pool:
            made = track(pool.map(rows, enumerate(photos)), title, len(photos))
            found = [each for each in made if each is not None]
        stacked = np.stack([each for _, each in found])
        columns: dict[str, Any] = {name: stacked[:, i] for i, name in enumerate(views)}
        return {**columns, "people": np.array([person for person, _ in found])}

    def _kept(
        self, what: str, photos: list[Photo], names: list[str], made: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        sources = b"".join(
            Path(str(module.__file__)).read_bytes()
            for module in (app.vision.spoiling, app.inference.spoilt_faces, spoilt_kinds)
        )
        asked = (fingerprint(photos) + "|".join(names)).encode() + sources
        digest = hashlib.sha256(asked).hexdigest()[:16]
        file = self._cache / f"{what}-{self._pipeline.contract_id}-{digest}.npz"
        if not file.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part.npz")
            np.savez(part, **made())
            part.rename(file)
        with np.load(file) as kept:
            return {name: kept[name] for name in kept.files}
