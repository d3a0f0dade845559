"""Verification (1:1) of a person or of two images."""

from typing import Literal

from pydantic import BaseModel, Field

from app.gallery.fields import (
    ContractId,
    LimitOfSimilarity,
    RuleField,
    Similarity,
    SubjectField,
    TargetFmr,
)
from app.gallery.schemas import SeveralFaces
from app.reasons import ProbeReason
from app.recognition.schemas.faces import SampleView
from app.recognition.schemas.identification import NotValidPerson
from app.web.fields import BodyFields, Rate, RequestId


class CompareOptions(BodyFields):
    """The strictness of a comparison, and the faces that it takes: ``subject`` applies to both
    images, unless ``source_subject`` or ``target_subject`` overrides it for one.
    """

    target_fmr: TargetFmr = 1e-4
    subject: RuleField = "main"
    source_subject: SubjectField | None = Field(
        None, description="As `subject`, for the source alone; null: as `subject` says."
    )
    target_subject: SubjectField | None = Field(
        None, description="As `subject`, for the target alone; null: as `subject` says."
    )


class VerifyOptions(BodyFields):
    """A ``target_fmr`` can only make the collection's stricter.

    For keys that do not get exact values it is applied by the bundle's threshold, rounded up to the
    next step of 0.05.
    """

    target_fmr: TargetFmr | None = Field(
        None, description="A stricter rate than the collection's; null: the collection's."
    )
    subject: SubjectField = "main"


class Verification(BaseModel):
    """One to one. ``similarity`` and ``fmr`` are null where there was nothing to compare.

    ``reported_not_them``: the probe is at least as close to a face reported ``not_them`` as to the
    person; it is no match, however near. ``stale`` is as in an identification. A person who is not
    valid now never matches: keys with the scope ``read`` or ``admin`` get the reason
    ``person_not_valid`` and ``not_valid``; other keys get ``no_match``.

    Keys without ``read`` get ``similarity`` and ``fmr`` only of a match, in steps of 0.05 (unless
    the collection has ``show_candidates``), because each lower value would guide an attacker.
    ``threshold`` is then the bundle's, and ``reported_not_them`` shown where it keeps a match off.
    """

    request_id: RequestId
    contract_id: ContractId
    decision: Literal["match", "no_match", "rejected"] = Field(
        description="`rejected`: there was nothing to compare; `reasons` say why."
    )
    reasons: list[ProbeReason] = Field(
        description="Why there was nothing to compare, or no match; else empty."
    )
    not_valid: list[NotValidPerson] = Field(
        description="The person, where not valid now; only for keys with `read` or `admin`."
    )
    similarity: Similarity | None = Field(
        description="Cosine of face and person, -1 to 1; higher is closer. Null where not compared."
    )
    threshold: LimitOfSimilarity
    target_fmr: TargetFmr
    fmr: Rate | None = Field(
        description="Rate, 0 to 1, at which strangers are as similar; lower is closer."
    )
    extrapolated: bool = Field(
        description="Whether `fmr` is below what the calibration has measured."
    )
    reported_not_them: bool = Field(
        description="Whether feedback says that a face at least as near is not this person."
    )
    stale: bool = Field(
        description="Whether the database did not answer, so that last known data decided."
    )
    face: SampleView | None = Field(description="The face that was taken; null where none was.")
    warnings: list[SeveralFaces] = Field(
        description="The image, where several faces were found in it."
    )


class Comparison(BaseModel):
    """Two images, one face of each; in ``warnings`` the source is image 0, the target image 1."""

    request_id: RequestId
    contract_id: ContractId
    decision: Literal["match", "no_match", "rejected"] = Field(
        description="`rejected`: there was nothing to compare; `reasons` say why."
    )
    reasons: list[ProbeReason] = Field(description="Why there was nothing to compare; else empty.")
    similarity: Similarity | None = Field(
        description="Cosine of the faces, -1 to 1; higher is closer. Null where not compared."
    )
    threshold: LimitOfSimilarity
    target_fmr: TargetFmr
    fmr: Rate | None = Field(
        description="Rate, 0 to 1, at which two strangers are as similar; lower is closer."
    )
    extrapolated: bool = Field(
        description="Whether `fmr` is below what the calibration has measured."
    )
    source: SampleView | None = Field(
        description="The face taken of the source; null where none was."
    )
    target: SampleView | None = Field(
        description="The face taken of the target; null where none was."
    )
    warnings: list[SeveralFaces] = Field(
        description="The images in which several faces were found: 0 the source, 1 the target."
    )
