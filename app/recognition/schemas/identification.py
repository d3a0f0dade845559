"""Identification (1:N)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.gallery.fields import LimitOfSimilarity, Similarity, TargetFpir
from app.reasons import ProbeReason
from app.recognition.schemas.faces import DetectOptions, FacesFound, Pixels, SampleView
from app.web.fields import Count, Id, Positive, Rate, Whole


class IdentifyOptions(DetectOptions):
    """How to identify; ``target_fpir`` and ``min_similarity`` can only make it stricter."""

    max_candidates: Whole = Field(5, ge=1, le=100)
    target_fpir: TargetFpir | None = None
    min_similarity: float | None = Field(None, ge=-1, le=1)
    source: Id | None = Field(
        None, description="Where the image is from, such as a camera: a label of the metrics."
    )


class Candidate(BaseModel):
    """A person who looks like the probe; ``fpir`` is how often a stranger would look as alike.

    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person than
    to the person. They are not named for it, however near. ``face_id``, the nearest template, is
    null in a stale answer.
    """

    person_id: Id
    external_id: str | None
    name: str | None
    similarity: Similarity
    fpir: Rate
    face_id: Annotated[int, Field(ge=1, description="The face's number in its collection.")] | None
    reported_not_them: bool


class NotValidPerson(BaseModel):
    """A person whose validity has not begun or is over, told to keys with the scope ``read``."""

    person_id: str
    external_id: str | None
    name: str | None
    valid_from: datetime | None
    valid_until: datetime | None


class IdentifiedFace(SampleView):
    """A face and who it is; ``person_id`` is null unless ``identified``, ``probe_id`` unless the
    face is unknown and was kept: where the collection asks for it, but from no stale answer.

    ``not_valid`` lists, nearest first, who reaches the threshold of an unknown face but is not
    valid now; ``reasons`` then hold ``person_not_valid``. Both are told only to keys with the scope
    ``read`` or ``admin``.

    ``similarity`` is that with the person identified, null of others. Keys without ``read`` get it
    in steps of 0.05 and no ``candidates``; where the collection has ``show_candidates``, exactly
    and candidates without names.
    """

    decision: Literal["identified", "unknown", "ambiguous", "rejected"]
    person_id: Id | None
    similarity: Similarity | None
    probe_id: Id | None
    reasons: list[ProbeReason]
    not_valid: list[NotValidPerson]
    candidates: list[Candidate]


class PolicyView(BaseModel):
    """By which threshold it was decided."""

    target_fpir: TargetFpir
    threshold: LimitOfSimilarity
    gallery_size: Count
    extrapolated: bool


class TimingsView(BaseModel):
    """Milliseconds of each step."""

    decode: Positive
    detect: Positive
    embed: Positive
    search: Positive
    total: Positive


class Identification(BaseModel):
    """Every face of the image, largest first.

    ``stale``: the database did not answer, so it was decided by what this replica last knew, which
    ``KITH_STALE_OK_SECONDS`` allows for so long.
    """

    request_id: str
    contract_id: str
    revision: Count
    stale: bool
    policy: PolicyView
    width: Pixels
    height: Pixels
    faces_found: FacesFound
    faces: list[IdentifiedFace]
    timings_ms: TimingsView
