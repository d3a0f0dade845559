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
    """A person who looks like the probe; ``fpir`` is the rate at which strangers look as alike.

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
    """A person whose validity has not begun or is over; only for keys with scope ``read``."""

    person_id: str
    external_id: str | None
    name: str | None
    valid_from: datetime | None
    valid_until: datetime | None


class IdentifiedFace(SampleView):
    """A face and its decision. ``person_id`` is null unless ``identified``. ``probe_id`` is null
    unless the face is unknown and was kept, which a stale answer never does.

    ``not_valid`` lists, nearest first, the persons who reach the threshold of an unknown face but
    are not valid now; ``reasons`` then hold ``person_not_valid``. Only keys with the scope ``read``
    or ``admin`` get both.

    ``similarity`` is that with the person identified, else null. Keys without ``read`` get it in
    steps of 0.05 and no ``candidates``; if the collection has ``show_candidates``, they get exact
    values and candidates without names.
    """

    decision: Literal["identified", "unknown", "ambiguous", "rejected"]
    person_id: Id | None
    similarity: Similarity | None
    probe_id: Id | None
    reasons: list[ProbeReason]
    not_valid: list[NotValidPerson]
    candidates: list[Candidate]


class PolicyView(BaseModel):
    """The threshold of the decision."""

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

    ``stale``: the database did not answer, so the decision uses the last known data of this
    replica, for at most ``KITH_STALE_OK_SECONDS``.
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
