"""The settings of what is recorded, and how long records are kept."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from app.core.sealing import checked_public

_MOST: Final = 36_500
"""Days: a century."""


def _key_or_none(text: str | None) -> str | None:
    return None if text is None else checked_public(text)


def _with_a_key(kind: str, given: ValidationInfo) -> str:
    if kind == "sealed" and "evidence_key" in given.data and given.data["evidence_key"] is None:
        raise ValueError(
            "there is no KITH_EVIDENCE_KEY to seal to; `kith audit evidence keys` makes a pair of "
            "keys"
        )
    return kind


EventDays = Annotated[
    int,
    Field(ge=1, le=_MOST, description="Days that events are kept for those who read them late."),
]
AuditDays = Annotated[
    int,
    Field(
        ge=1,
        le=_MOST,
        description="Days that rows of the audit are kept; for a system under the EU AI Act at "
        "least 184, which six months may have.",
    ),
]
EvidenceKey = Annotated[
    str | None,
    AfterValidator(_key_or_none),
    Field(
        description="Public key to which pictures of decisions at doors are sealed; `kith audit "
        "evidence keys` makes a pair; unset: none are kept."
    ),
]
ProbeEvidence = Annotated[
    Literal["none", "hash", "sealed"],
    AfterValidator(_with_a_key),
    Field(
        description="What is kept of the frames of a decision at a door: `none`, the `hash` of "
        "each file in the audit, or where somebody was named also the files, `sealed`."
    ),
]
EvidenceDays = Annotated[
    int,
    Field(
        ge=1,
        le=_MOST,
        description="Days that sealed pictures are kept; they go with their row of the audit at "
        "the latest.",
    ),
]
