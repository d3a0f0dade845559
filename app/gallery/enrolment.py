"""Turns uploaded images into templates, or refuses them with reasons."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from app.errors import AppError, FieldError, InvalidImage, InvalidRequest, NoFace
from app.inference.analyser import Analyse, Analyser
from app.inference.pipeline import Sample
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import Subject, the_subject
from app.reasons import Reason, RejectionReason
from app.vision.decode import UNREADABLE
from app.vision.types import Box

_EXPLAINED: Final[dict[RejectionReason, str]] = {
    Reason.NO_FACE: "No face was found{where}; send a photo in which one is visible.",
    Reason.MULTIPLE_FACES: "{found} faces were found, and another is nearly as large as the "
    "largest; crop the photo to the person meant, or say with `subject` which face is meant.",
    Reason.FACE_TOO_SMALL: "The face is smaller than {min_face_size} px; come closer.",
    Reason.FACE_CUT_OFF: "The image's border cuts the face off; send a photo in which the "
    "whole face is visible, with some room around it.",
    Reason.LOW_DETECTION_SCORE: "The face is hardly recognisable as one.",
    Reason.LOW_QUALITY: "The face is too small, dark, bright, blurred or turned away.",
    Reason.EXTREME_POSE: "The face is turned by more than {max_yaw:g} degrees.",
    Reason.NOT_RECOGNISABLE: "Nobody can be recognised in this face: it may be turned, blurred, "
    "covered, cut off, inverted or drawn. Send an upright, sharp photo of the whole face.",
    Reason.LOOKS_LIKE_ANOTHER_PERSON: "The service would name {other} for this face.",
    Reason.UNLIKE_THE_PERSON: "The face is as unlike the person's other faces, or the other "
    "images, as a stranger's{alike}. Send photos of one person; if these are, delete the wrong "
    "faces that the person has, or set the collection's `unlike` to `warn`.",
    Reason.DUPLICATE_IMAGE: "The person is enrolled with this very image already.",
    Reason.FACE_LIMIT_REACHED: "The person has the most faces that the collection allows.",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """An image's place in its request, its file's name and its digest."""

    index: int
    filename: str | None
    image_sha256: str


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image to enrol: its bytes and the name of its file, where it has one."""

    filename: str | None
    data: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes as sent; the same image twice is one template."""
        return hashlib.sha256(self.data).hexdigest()

    def origin(self, index: int = 0) -> Origin:
        """The origin of the image at place ``index`` of a request."""
        return Origin(index, self.filename, self.sha256)


@dataclass(frozen=True, slots=True)
class Template:
    """An image that may be enrolled: the face taken out of the ``faces_found`` in it, its embedding
    (d,), by how many degrees the image was turned clockwise for it, and the crop as a PNG if it is
    to be kept.
    """

    origin: Origin
    sample: Sample
    faces_found: int
    embedding: NDArray[np.float32]
    turned_degrees: int = 0
    png: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An image that is not enrolled, and why; ``error`` is the decoder's, where it refused it."""

    origin: Origin
    reasons: tuple[RejectionReason, ...]
    detail: str
    error: AppError | None = None


class _Refused(Exception):
    """An image that is refused, with the reasons and the number of faces found in it."""

    def __init__(self, reasons: Sequence[RejectionReason], found: int) -> None:
        super().__init__(*reasons)
        self.reasons = reasons
        self.found = found


class Enroller:
    """Turns images into templates. Thread-safe; touches no database."""

    def __init__(self, analyser: Analyser, quality_policy: QualityPolicy) -> None:
        self._analyser = analyser
        self._quality_policy = quality_policy
        self.contract = analyser.pipeline.contract
        self.calibration = analyser.pipeline.bundle.calibration
        self.max_bytes = analyser.limits.max_bytes

    def examine(
        self, images: Sequence[ImageFile], subject: Subject = "only"
    ) -> tuple[list[Template], list[Rejection]]:
        """The images that can be enrolled, with the face that ``subject`` means, and those that
        cannot; both in the images' order.
        """
        templates: list[Template] = []
        rejected: list[Rejection] = []
        with self._analyser.batch(len(images), upright=True) as analyse:
            for index, image in enumerate(images):
                origin = image.origin(index)
                try:
                    templates.append(self._template(analyse, origin, image.data, subject))
                except _Refused as refused:
                    where = " in that box" if isinstance(subject, Box) and refused.found else ""
                    rejected.append(
                        self.rejection(origin, *refused.reasons, found=refused.found, where=where)
                    )
                except UNREADABLE as error:
                    rejected.append(Rejection(origin, (Reason.INVALID_IMAGE,), error.detail, error))
        return templates, rejected

    def rejection(self, origin: Origin, *reasons: RejectionReason, **facts: str | int) -> Rejection:
        """A refusal whose text says what to do; ``facts`` are the values that the text of a reason
        needs in addition to the settings.
        """
        known = tuple(r for r in get_args(RejectionReason) if r in reasons)
        values = {
            "min_face_size": self._quality_policy.min_face_size,
            "max_yaw": self._quality_policy.max_yaw,
            "other": "another person",
            "alike": "",
            **facts,
        }
        detail = " ".join(_EXPLAINED[reason].format(**values) for reason in known)
        return Rejection(origin, known, detail)

    def _template(
        self, analyse: Analyse, origin: Origin, data: bytes, subject: Subject
    ) -> Template:
        analysis = analyse(data, the_subject(subject), self._quality_policy.to_enrol)
        if analysis.missing:
            raise _Refused([analysis.missing], analysis.found)
        (face,) = analysis.faces
        if face.embedding is None:
            raise _Refused(face.reasons, analysis.found)
        return Template(
            origin, face.sample, analysis.found, face.embedding, analysis.turned_degrees
        )


def refusal(rejected: Sequence[Rejection]) -> AppError:
    """The error of a request none of whose images could be used.

    Where all of them failed for one cause, it is the error that identification answers for them.
    """
    errors = [
        FieldError(f"images[{each.origin.index}]", f"{', '.join(each.reasons)}: {each.detail}")
        for each in rejected
    ]
    kind = _common({_kind(each) for each in rejected})
    same = len({each.detail for each in rejected}) == 1
    detail = rejected[0].detail if same else f"None of the {len(rejected)} images can be enrolled."
    return kind(detail, errors=errors)


def _common(kinds: set[type[AppError]]) -> type[AppError]:
    if len(kinds) == 1:
        return next(iter(kinds))
    return InvalidImage if kinds <= set(UNREADABLE) else InvalidRequest


def _kind(rejected: Rejection) -> type[AppError]:
    if rejected.error is not None:
        return type(rejected.error)
    return NoFace if rejected.reasons == (Reason.NO_FACE,) else InvalidRequest
