"""From uploaded images to templates: which are taken, which refused, and why."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import PrivateAttr

from app.errors import (
    AppError,
    FieldError,
    InvalidImage,
    InvalidRequest,
    NoFace,
    PayloadTooLarge,
    UnsupportedImage,
)
from app.gallery.schemas import RejectedImage, RejectionReason
from app.inference.acceptance import Acceptance, rivals
from app.inference.analyser import Analyse, Analyser
from app.inference.pipeline import Sample

_UNREADABLE: Final = (InvalidImage, UnsupportedImage, PayloadTooLarge)
"""What the decoder raises."""
_EXPLAINED: Final[dict[str, str]] = {
    "no_face": "No face was found; send a photo in which one is visible.",
    "multiple_faces": "Several faces of similar size; crop the photo to the person meant.",
    "face_too_small": "The face is smaller than {min_face_size} px; come closer.",
    "low_detection_score": "The face is hardly recognisable as one.",
    "low_quality": "The face is too small, dark, bright, blurred or turned away.",
    "extreme_pose": "The face is turned by more than {max_yaw:g} degrees.",
    "looks_like_another_person": "The service would name {other} for this face.",
    "duplicate_image": "The person is enrolled with this very image already.",
    "face_limit_reached": "The person has the most faces that the collection allows.",
}


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image to enrol: its bytes and the name of its file, where it has one."""

    filename: str | None
    data: bytes

    @property
    def sha256(self) -> str:
        """Of the bytes as sent; the same image twice is one template."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Template:
    """An image that may be enrolled: the face in it, its embedding (d,), and the crop as a PNG if
    it is to be kept.
    """

    index: int
    filename: str | None
    image_sha256: str
    sample: Sample
    embedding: NDArray[np.float32]
    png: bytes | None = None


class _Unreadable(RejectedImage):
    """An image that the decoder refused; ``error`` is what it said, and is not in the answer."""

    _error: AppError = PrivateAttr()

    @classmethod
    def of(cls, index: int, filename: str | None, error: AppError) -> Self:
        """The refusal of the image at ``index``."""
        image = cls(index=index, filename=filename, reasons=["invalid_image"], detail=error.detail)
        image._error = error
        return image

    @property
    def error(self) -> AppError:
        """The decoder's refusal."""
        return self._error


class _Refused(Exception):
    """An image that is not taken, with the reasons."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class Enroller:
    """Turns images into templates. Thread-safe; touches no database."""

    def __init__(self, analyser: Analyser, acceptance: Acceptance) -> None:
        self._analyser = analyser
        self._acceptance = acceptance
        self.contract_id = analyser.pipeline.contract_id
        self.crop_id = analyser.pipeline.crop_id

    def examine(self, images: Sequence[ImageFile]) -> tuple[list[Template], list[RejectedImage]]:
        """The images that can be enrolled and those that cannot, in their order."""
        templates: list[Template] = []
        rejected: list[RejectedImage] = []
        with self._analyser.batch(len(images)) as analyse:
            for index, image in enumerate(images):
                try:
                    templates.append(self._template(index, image, analyse))
                except _Refused as refused:
                    rejected.append(self.rejection(index, image.filename, *refused.reasons))
                except _UNREADABLE as error:
                    rejected.append(_Unreadable.of(index, image.filename, error))
        return templates, rejected

    def rejection(
        self, index: int, filename: str | None, *reasons: str, other: str | None = None
    ) -> RejectedImage:
        """A refusal in words that tell what to do; ``other`` is the id of whom the face is like."""
        known = [r for r in get_args(RejectionReason) if r in reasons]
        limits = {
            "min_face_size": self._acceptance.min_face_size,
            "max_yaw": self._acceptance.max_yaw,
            "other": "another person" if other is None else repr(other),
        }
        detail = " ".join(_EXPLAINED[reason].format(**limits) for reason in known)
        return RejectedImage(index=index, filename=filename, reasons=known, detail=detail)

    def _template(self, index: int, image: ImageFile, analyse: Analyse) -> Template:
        analysis = analyse(image.data, self._subject)
        return Template(
            index, image.filename, image.sha256, analysis.chosen[0], analysis.embeddings[0]
        )

    def _subject(self, samples: list[Sample]) -> list[Sample]:
        """The one face that the photo is of."""
        if not samples:
            raise _Refused("no_face")
        reasons: list[str] = list(self._acceptance.to_enrol(samples[0]))
        if rivals(samples):
            reasons.append("multiple_faces")
        if reasons:
            raise _Refused(*reasons)
        return samples[:1]


def refusal(rejected: Sequence[RejectedImage]) -> AppError:
    """The error of a request none of whose images could be used.

    Where all of them failed for one cause, it is the error that identification answers for them.
    """
    errors = [
        FieldError(f"images[{each.index}]", f"{', '.join(each.reasons)}: {each.detail}")
        for each in rejected
    ]
    kind = _common({_kind(each) for each in rejected})
    same = len({each.detail for each in rejected}) == 1
    detail = rejected[0].detail if same else f"None of the {len(rejected)} images can be enrolled."
    return kind(detail, errors=errors)


def _common(kinds: set[type[AppError]]) -> type[AppError]:
    if len(kinds) == 1:
        return next(iter(kinds))
    return InvalidImage if kinds <= set(_UNREADABLE) else InvalidRequest


def _kind(rejected: RejectedImage) -> type[AppError]:
    if isinstance(rejected, _Unreadable):
        return type(rejected.error)
    return NoFace if rejected.reasons == ["no_face"] else InvalidRequest
