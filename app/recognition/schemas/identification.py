"""Identification (1:N)."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.gallery.fields import (
    ContractId,
    ExternalId,
    LimitOfSimilarity,
    PersonId,
    PersonName,
    Revision,
    Similarity,
    TargetFpir,
    ValidFrom,
    ValidUntil,
)
from app.reasons import ProbeReason
from app.recognition.schemas.faces import DetectOptions, FacesFound, Pixels, SampleView
from app.web.fields import Count, Id, Positive, Rate, RequestId, Whole


class IdentifyOptions(DetectOptions):
    """How to identify; ``target_fpir`` and ``min_similarity`` can only make it stricter: they name
    nobody who is not named without them.
    """

    max_candidates: Whole = Field(5, ge=1, le=100, description="Most candidates of each face.")
    target_fpir: TargetFpir | None = Field(
        None,
        description="A stricter rate than the collection's, for this request; null: that one. For "
        "keys that do not get exact values by the bundle's threshold, up to the next step of 0.05.",
    )
    min_similarity: float | None = Field(
        None,
        ge=-1,
        le=1,
        description="A least cosine in addition to the threshold; null: the threshold alone. For "
        "keys that do not get exact values up to the next step of 0.05.",
    )
    source: Id | None = Field(
        None, description="Where the image is from, such as a camera: a label of the metrics."
    )


class Candidate(BaseModel):
    """A person who looks like the probe; ``fpir`` is the rate at which strangers look as alike.
    ``extrapolated``: so low a rate that the calibration's data do not reach it.

    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person than
    to the person. They are not named for it, however near. ``face_id``, the nearest template, is
    null in a stale answer.
    """

    person_id: PersonId
    external_id: ExternalId
    name: PersonName
    similarity: Similarity = Field(
        description="Cosine of probe and person, -1 to 1; higher is closer."
    )
    fpir: Rate = Field(
        description="Rate, 0 to 1, at which strangers are as similar to anybody in this gallery."
    )
    extrapolated: bool = Field(
        description="Whether the rate is below what the calibration has measured."
    )
    face_id: (
        Annotated[int, Field(ge=1, description="The face's number in its collection.")] | None
    ) = Field(description="Number of the person's nearest face; null in a stale answer.")
    reported_not_them: bool = Field(
        description="Whether feedback keeps this person from being named for this probe."
    )


class NotValidPerson(BaseModel):
    """A person whose validity has not begun or is over; only for keys with scope ``read``."""

    person_id: PersonId
    external_id: ExternalId
    name: PersonName
    valid_from: ValidFrom
    valid_until: ValidUntil


class IdentifiedFace(SampleView):
    """A face and its decision. ``person_id`` is null unless ``identified``. ``probe_id`` is null
    unless the face is unknown and was kept, which a stale answer never does.

    ``not_valid`` lists, nearest first, the persons who reach the threshold of an unknown face but
    are not valid now; ``reasons`` then hold ``person_not_valid``. Only keys with the scope ``read``
    or ``admin`` get both.

    ``threshold`` is the similarity from which on a person is named for this face: its similarities
    to all people of the gallery decide it. Null for a face that was not compared, and for callers
    who do not see candidates.

    ``similarity`` is that with the person identified, else null. Keys without ``read`` get it in
    steps of 0.05 and no ``candidates``; if the collection has ``show_candidates``, they get exact
    values and candidates without names.
    """

    decision: Literal["identified", "unknown", "ambiguous", "rejected"] = Field(
        description="`unknown`: nobody reaches the threshold. `ambiguous`: two do, and their "
        "similarities are too close. `rejected`: the face cannot be compared; `reasons` say why."
    )
    person_id: Id | None = Field(
        description="The person identified; null for every other decision."
    )
    similarity: Similarity | None = Field(
        description="Cosine with the person identified, higher is closer, else null; in steps of "
        "0.05 to keys that do not get exact values."
    )
    threshold: LimitOfSimilarity | None = Field(
        description="The least cosine at which a person is named for this face: its similarities "
        "to everybody here decide it. Null where the face was not compared, and to keys that do "
        "not get exact values."
    )
    probe_id: Id | None = Field(
        description="Id of the kept probe, for feedback; null where it was not kept."
    )
    reasons: list[ProbeReason] = Field(
        description="Why the face was not compared or not named; else empty."
    )
    not_valid: list[NotValidPerson] = Field(
        description="Persons who reach the threshold but are not valid now, nearest first."
    )
    candidates: list[Candidate] = Field(
        description="The nearest persons, one row a person, nearest first, whatever the decision."
    )


class PolicyView(BaseModel):
    """The rule of the decision. ``threshold`` is that of a typical face in this gallery; each face
    has its own. Keys that do not get exact values get the bundle's for this number of persons.
    """

    target_fpir: TargetFpir = Field(
        description="Rate, 0 to 1, at which strangers may be named by this decision."
    )
    threshold: LimitOfSimilarity = Field(
        description="The threshold of a typical face in this gallery. Each face is decided by its "
        "own, `faces[].threshold`: it may be unknown above this one, or named below it. To keys "
        "that do not get exact values the bundle's, for any people."
    )
    gallery_size: Count = Field(description="Persons who are valid now.")
    extrapolated: bool = Field(
        description="Whether the rate is below what the calibration has measured."
    )
    warning: str | None = Field(
        description="What to know where the data do not support the rate: it is extrapolated, or "
        "fewer than 20 persons are enrolled; else null."
    )


class TimingsView(BaseModel):
    """Milliseconds of each step."""

    decode: Positive = Field(description="Milliseconds to decode the image.")
    detect: Positive = Field(description="Milliseconds to find faces.")
    embed: Positive = Field(description="Milliseconds to embed the faces.")
    search: Positive = Field(description="Milliseconds to search and decide.")
    total: Positive = Field(description="Milliseconds from the body's end to the decision.")


class Identification(BaseModel):
    """Every face of the image, largest first.

    ``stale``: the database did not answer, so the decision uses the last known data of this
    replica, for at most ``KITH_STALE_OK_SECONDS``.
    """

    request_id: RequestId
    contract_id: ContractId
    revision: Revision
    stale: bool = Field(
        description="Whether the database did not answer, so that last known data decided."
    )
    policy: PolicyView = Field(
        description="The rule of the decision, and the threshold of a typical face."
    )
    width: Pixels
    height: Pixels
    faces_found: FacesFound
    faces: list[IdentifiedFace] = Field(
        description="The faces, largest first, at most `max_faces`; empty where none was found."
    )
    timings_ms: TimingsView = Field(description="Milliseconds spent on each step.")
