"""The one face that is taken of an image, to be compared with people or with other images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.errors import AppError, FieldError, InvalidRequest, NoFace
from app.gallery.schemas import SeveralFaces
from app.gallery.views import several_faces
from app.inference.acceptance import Acceptance
from app.inference.analyser import Analyse, Analyser
from app.inference.embedder import Embeddings
from app.inference.pipeline import Sample, Scene
from app.inference.subject import Subject, SubjectRule, find_subject
from app.reasons import ProbeReason, Reason

MOST_IMAGES: Final = 64


@dataclass(frozen=True, slots=True)
class TakenFace:
    """The ``face`` taken of an image, None where there is none to take, and its ``embedding`` (d,),
    None where ``reasons`` say that it cannot be compared. ``found`` faces were seen.
    """

    face: Sample | None
    embedding: Embeddings | None
    reasons: list[ProbeReason]
    found: int

    def warnings(self, index: int = 0) -> list[SeveralFaces]:
        """That one of several was taken, of the image at place ``index`` of the request."""
        if self.face is None or self.found < 2:
            return []
        return [several_faces(index, self.face.box, found=self.found)]

    def needed(self, field: str, label: str) -> tuple[Sample, Embeddings]:
        """The face and its embedding, or an error that says why the image ``label``, which came in
        ``field``, has none.
        """
        if self.face is None or self.embedding is None:
            raise _unusable(self, field, label)
        return self.face, self.embedding


def take_face(
    analyse: Analyse, image: bytes, subject: Subject, acceptance: Acceptance | None = None
) -> TakenFace:
    """The face that ``subject`` means; embedded where ``acceptance``, if any, finds it usable."""

    def reasons(face: Sample) -> list[ProbeReason]:
        return [*acceptance.to_identify(face)] if acceptance else []

    def usable(scene: Scene) -> list[Sample]:
        face = find_subject(scene, subject)
        return [] if isinstance(face, str) or reasons(face) else [face]

    analysis = analyse(image, usable)
    found = len(analysis.scene.samples)
    face = find_subject(analysis.scene, subject)
    if isinstance(face, str):
        return TakenFace(None, None, [face], found)
    embedding = analysis.embeddings[0] if analysis.chosen else None
    return TakenFace(face, embedding, reasons(face), found)


def take_faces(
    analyser: Analyser, images: Sequence[tuple[str, bytes]], subject: SubjectRule
) -> tuple[Embeddings, list[SeveralFaces]]:
    """Embeddings (n, d) of 2 to 64 labelled images, and where one of several faces was taken. The
    first image of which none can be taken is named in an error.
    """
    if not 2 <= len(images) <= MOST_IMAGES:
        raise wrong_images(f"2 to {MOST_IMAGES} images are needed, {len(images)} were sent")
    rows: list[Embeddings] = []
    warnings: list[SeveralFaces] = []
    with analyser.batch(len(images)) as analyse:
        for index, (label, image) in enumerate(images):
            taken = take_face(analyse, image, subject)
            rows.append(taken.needed(f"images[{index}]", label)[1])
            warnings += taken.warnings(index)
    return np.stack(rows), warnings


def wrong_images(message: str) -> InvalidRequest:
    """What is wrong with the images of a request."""
    return InvalidRequest(f"images: {message}.", errors=[FieldError("images", message)])


def _unusable(taken: TakenFace, field: str, label: str) -> AppError:
    if taken.reasons == [Reason.NO_FACE]:
        where = f" where `subject` says; it has {taken.found}" if taken.found else ""
        return NoFace(f"No face was found in {label}{where}.")
    why = ", ".join(taken.reasons)
    if taken.face is None:
        message = f"{taken.found} faces were found ({why}); say with `subject` which is meant"
    else:
        message = f"the face cannot be compared: {why}"
    return InvalidRequest(f"{label}: {message}.", errors=[FieldError(field, message)])
