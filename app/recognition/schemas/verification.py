"""Verification (1:1) of a person or of two images."""

from typing import Literal

from pydantic import BaseModel

from app.gallery.fields import LimitOfSimilarity, RuleField, Similarity, SubjectField, TargetFmr
from app.gallery.schemas import SeveralFaces
from app.reasons import ProbeReason
from app.recognition.schemas.faces import SampleView
from app.recognition.schemas.identification import NotValidPerson
from app.web.fields import BodyFields, Rate


class CompareOptions(BodyFields):
    """The strictness of a comparison, and the faces that it takes: ``subject`` applies to both
    images, unless ``source_subject`` or ``target_subject`` overrides it for one.
    """

    target_fmr: TargetFmr = 1e-4
    subject: RuleField = "largest"
    source_subject: SubjectField | None = None
    target_subject: SubjectField | None = None


class VerifyOptions(BodyFields):
    """A ``target_fmr`` can only make the collection's stricter."""

    target_fmr: TargetFmr | None = None
    subject: SubjectField = "largest"


class Verification(BaseModel):
    """One to one. ``similarity`` and ``fmr`` are null where there was nothing to compare.

    ``reported_not_them``: the probe is at least as close to a face reported ``not_them`` as to the
    person; it is no match, however near. ``stale`` is as in an identification. A person who is not
    valid now never matches: keys with the scope ``read`` or ``admin`` get the reason
    ``person_not_valid`` and ``not_valid``; other keys get ``no_match``.

    Keys without ``read`` get ``similarity`` and ``fmr`` only of a match, in steps of 0.05 (unless
    the collection has ``show_candidates``), because each lower value would guide an attacker.
    """

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"]
    reasons: list[ProbeReason]
    not_valid: list[NotValidPerson]
    similarity: Similarity | None
    threshold: LimitOfSimilarity
    target_fmr: TargetFmr
    fmr: Rate | None
    reported_not_them: bool
    stale: bool
    face: SampleView | None
    warnings: list[SeveralFaces]


class Comparison(BaseModel):
    """Two images, one face of each; in ``warnings`` the source is image 0, the target image 1."""

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"]
    reasons: list[ProbeReason]
    similarity: Similarity | None
    threshold: LimitOfSimilarity
    target_fmr: TargetFmr
    fmr: Rate | None
    source: SampleView | None
    target: SampleView | None
    warnings: list[SeveralFaces]
