"""Reads the templates of an evaluation from a folder of photos or from a collection."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from app.bundles.contract import Contract
from app.core.clock import Clock
from app.core.db import Database
from app.core.names import printable
from app.evaluation.gallery import Gallery, Refusal
from app.gallery import evaluation_repository, repository
from app.gallery.enrolment import Enroller, ImageFile, Template
from app.gallery.evaluation_repository import Enrolled
from app.gallery.rates import reports_of
from app.index.packing import unpack
from app.inference.walk import Photo
from app.reasons import Reason

_DUPLICATE: Final = Reason.DUPLICATE_IMAGE
_CROP: Final = (
    "Several faces were found, and another is nearly as large as the largest; crop the photo to "
    "the person meant."
)
"""An evaluation has no option that says which face is meant, as an enrolment has."""


@dataclass(frozen=True, slots=True)
class StoredGallery:
    """A collection's templates and the rate that its policy states."""

    gallery: Gallery
    target_fpir: float


def gallery_of_photos(
    photos: Sequence[Photo],
    enroller: Enroller,
    *,
    root: Path,
    threads: int,
    done: Callable[[], None],
) -> Gallery:
    """Examine each photo as an enrolment would, on ``threads`` threads; ``done`` after each.

    Images are named by their path from ``root``. ``InvalidRequest`` where too few photos are left
    to measure anything.
    """
    people = list(dict.fromkeys(photo.person for photo in photos))
    number = {person: i for i, person in enumerate(people)}
    reader = _Reader(enroller, root)
    with ThreadPoolExecutor(threads) as pool:
        for photo, found in pool.map(reader.examine, photos):
            reader.take(photo, found)
            done()
    vectors = [template.embedding for _, template in reader.taken]
    return Gallery(
        vectors=np.array(vectors, np.float32).reshape(len(vectors), -1),
        owners=np.array([number[photo.person] for photo, _ in reader.taken], np.int64),
        images=[reader.name(photo) for photo, _ in reader.taken],
        people=people,
        titles=people,
        refused=reader.refused,
    )


def gallery_of_collection(
    database: Database, clock: Clock, collection_id: str, contract: Contract
) -> StoredGallery:
    """The templates of the people who are valid now. Nothing is written.

    ``NotFound``, ``ContractMismatch``, or ``InvalidRequest`` where it holds too little.
    """
    with database.read(long_running=True) as session:
        collection = repository.get_comparable(session, collection_id, contract.id)
        rows = evaluation_repository.templates(session, collection)
    now = clock.now()
    vectors = unpack([row.embedding for row in rows], contract.dimension)
    valid = [i for i, row in enumerate(rows) if _is_valid(row, now)]
    people = {rows[i].key: rows[i] for i in valid}
    number = {key: i for i, key in enumerate(people)}
    gallery = Gallery(
        vectors=vectors[valid],
        owners=np.array([number[rows[i].key] for i in valid], np.int64),
        images=[f"{rows[i].id}, face {rows[i].number}" for i in valid],
        people=[row.id for row in people.values()],
        titles=[_title(row.id, row.name) for row in people.values()],
        refused=None,
        reports=reports_of(collection),
    )
    return StoredGallery(gallery, collection.target_fpir)


class _Reader:
    """Photos after examination: ``taken``, or ``refused`` with the reason an enrolment gives."""

    def __init__(self, enroller: Enroller, root: Path) -> None:
        self._enroller = enroller
        self._root = root
        self._seen: set[tuple[str, str]] = set()
        self.taken: list[tuple[Photo, Template]] = []
        self.refused: list[Refusal] = []

    def name(self, photo: Photo) -> str:
        """The photo's path from the root."""
        return printable(photo.file.relative_to(self._root).as_posix())

    def examine(self, photo: Photo) -> tuple[Photo, Template | Refusal]:
        """The photo's template, or the reason for none. Called by several threads."""
        try:
            image = ImageFile(printable(photo.file.name), photo.file.read_bytes())
        except OSError as error:
            return photo, self._refusal(photo, "unreadable", detail=f"{error.strerror}.")
        templates, rejected = self._enroller.examine([image])
        if templates:
            return photo, templates[0]
        (first,) = rejected
        detail = _CROP if first.reasons == (Reason.MULTIPLE_FACES,) else first.detail
        return photo, self._refusal(photo, *first.reasons, detail=detail)

    def take(self, photo: Photo, found: Template | Refusal) -> None:
        """Collect a result; one thread calls it, in order. A second copy of an image is refused: it
        would recognise itself.
        """
        if isinstance(found, Template) and (photo.person, found.origin.image_sha256) in self._seen:
            again = self._enroller.rejection(found.origin, _DUPLICATE)
            found = self._refusal(photo, _DUPLICATE, detail=again.detail)
        if isinstance(found, Refusal):
            self.refused.append(found)
        else:
            self._seen.add((photo.person, found.origin.image_sha256))
            self.taken.append((photo, found))

    def _refusal(self, photo: Photo, *reasons: str, detail: str) -> Refusal:
        return Refusal(photo.person, self.name(photo), reasons, detail)


def _is_valid(row: Enrolled, now: datetime) -> bool:
    started = row.valid_from is None or row.valid_from <= now
    return started and (row.valid_until is None or now < row.valid_until)


def _title(person_id: str, name: str | None) -> str:
    return f"{person_id} ({name})" if name and name != person_id else person_id
