"""The one face of an image that is compared with people or with other images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from app.errors import AppError, FieldError, InvalidRequest, NoFace
from app.inference.analyser import Analyse, Analyser
from app.inference.embedder import Embeddings
from app.inference.pipeline import Sample
from app.inference.quality_policy import Refuse, refuse_none
from app.inference.subject import Select, Subject, SubjectRule, the_subject
from app.reasons import NoSubject, Reason, SampleReason
from app.vision.decode import UNREADABLE
from app.vision.types import Box, Landmarks, Quality

MOST_IMAGES: Final = 64


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face's place in its image and its quality: a sample without its pixels."""

    box: Box
    landmarks: Landmarks | None
    detection_score: float
    quality: Quality | None

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """The same without the crop, so that no result of a decision holds an image."""
        return cls(sample.box, sample.landmarks, sample.detection_score, sample.quality)


@dataclass(frozen=True, slots=True)
class TakenFace:
    """The face taken of an image in which ``found`` faces are.

    ``seen`` is None where no face can be taken, ``embedding`` (d,) None where ``reasons`` say why
    the face cannot be compared.
    """

    seen: SeenFace | None
    embedding: Embeddings | None
    reasons: tuple[NoSubject | SampleReason, ...]
    found: int

    def needed(self, field: str, label: str) -> tuple[SeenFace, Embeddings]:
        """The face and its embedding, or an error that says why there is none in the image
        ``label``, which came in ``field``.
        """
        if self.seen is None or self.embedding is None:
            raise _unusable(self, field, label)
        return self.seen, self.embedding


@contextmanager
def image_of(field: str) -> Iterator[None]:
    """A block that decodes the image of ``field``: an error of its bytes names the field."""
    try:
        yield
    except UNREADABLE as error:
        error.errors = (FieldError(field, f"{Reason.INVALID_IMAGE}: {error.detail}"),)
        raise


def take_face(
    analyse: Analyse,
    image: bytes,
    subject: Subject,
    refuse: Refuse = refuse_none,
    *,
    field: str = "image",
) -> TakenFace:
    """The face that ``subject`` means in the image of ``field``, embedded unless ``refuse`` gives
    reasons.
    """
    (taken,) = take_selected(analyse, image, the_subject(subject), refuse, field=field)
    return taken


def take_selected(
    analyse: Analyse,
    image: bytes,
    select: Select,
    refuse: Refuse = refuse_none,
    *,
    field: str = "image",
) -> list[TakenFace]:
    """The faces that ``select`` means in the image of ``field``, by one analysis. Where it means
    exactly one and there is none, that is the only one taken.
    """
    with image_of(field):
        analysis = analyse(image, select, refuse)
    if analysis.missing:
        return [TakenFace(None, None, (analysis.missing,), analysis.found)]
    return [
        TakenFace(SeenFace.of(face.sample), face.embedding, face.reasons, analysis.found)
        for face in analysis.faces
    ]


def take_faces(
    analyser: Analyser, images: Sequence[tuple[str, bytes]], subject: SubjectRule
) -> list[tuple[TakenFace, Embeddings]]:
    """The face of each of 2 to 64 labelled images, with its embedding (d,).

    An error names the field of the first image of which no face can be taken.
    """
    if not 2 <= len(images) <= MOST_IMAGES:
        raise wrong_images(f"2 to {MOST_IMAGES} images are needed, {len(images)} were sent")
    faces = []
    with analyser.batch(len(images)) as analyse:
        for index, (label, image) in enumerate(images):
            field = f"images[{index}]"
            taken = take_face(analyse, image, subject, field=field)
            faces.append((taken, taken.needed(field, label)[1]))
    return faces


def wrong_images(message: str) -> InvalidRequest:
    """The error of a request whose images are not those that it needs."""
    return InvalidRequest(f"images: {message}.", errors=[FieldError("images", message)])


def _unusable(taken: TakenFace, field: str, label: str) -> AppError:
    if taken.reasons == (Reason.NO_FACE,):
        where = f" where `subject` says; it has {taken.found}" if taken.found else ""
        message = f"No face was found in {label}{where}."
        return NoFace(message, errors=[FieldError(field, f"{Reason.NO_FACE}: {message}")])
    why = ", ".join(taken.reasons)
    if taken.seen is None:
        message = f"{taken.found} faces were found ({why}); say with `subject` which is meant"
    else:
        message = f"the face cannot be compared: {why}"
    return InvalidRequest(f"{label}: {message}.", errors=[FieldError(field, message)])
