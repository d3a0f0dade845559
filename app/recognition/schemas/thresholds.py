"""The threshold of a collection and its evidence."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.gallery.fields import ContractId, LimitOfSimilarity, Similarity, TargetFpir
from app.recognition.schemas.faces import Pair
from app.web.fields import Count, Finite, Positive, Rate

Interval = Annotated[list[Rate], Field(min_length=2, max_length=2)]
"""Two rates, the lower first."""


class BundleEvidence(BaseModel):
    """The threshold that the bundle's calibration alone would give, and the data behind it."""

    similarity: LimitOfSimilarity = Field(
        description="The least cosine that strangers reach at the target, were all of them and the "
        "enrolled like the bundle's people; 1.001 where none is high enough."
    )
    fpir_interval: Interval = Field(description="95 % interval of the rate there.")
    extrapolated: bool = Field(
        description="Whether the rate is below what the calibration has measured."
    )
    calibration: dict[str, Any] = Field(
        description="The data and date of the bundle's calibration."
    )


class SiteView(BaseModel):
    """The statistics of the similarities between the gallery's people who are valid now. Persons
    who are more alike than strangers are count once.

    ``mean`` is over all pairs of persons, ``deviation`` that of a typical person's similarities to
    the others; null with fewer than two persons. ``shift`` is the difference of the mean from that
    of the bundle's calibration, in its standard deviations, and ``stretch`` the ratio of the
    deviations.
    """

    persons: Count = Field(description="Persons who are valid now, each counted once.")
    mean: Similarity | None = Field(
        description="Mean cosine of pairs of persons; null with fewer than two."
    )
    deviation: Positive | None = Field(
        description="Standard deviation of these cosines; null with fewer than two persons."
    )
    shift: Finite = Field(
        description="Mean less the bundle's, in the bundle's standard deviations; 0 is alike."
    )
    stretch: Positive = Field(description="Standard deviation over the bundle's; 1 is alike.")


class ReportsView(BaseModel):
    """The reports of false positives, and the number that was expected.

    ``expected_false_positives`` is the expected number if all ``probes`` had been strangers. For
    each key and source, probes count only at the pace at which people can pass a camera, so that
    repeated requests cannot cancel reports. ``false_positives`` were confirmed, up to a limit for
    each key. ``factor`` is the lower 95 % confidence bound of the true rate over the stated rate,
    and at most 1 + ``false_positives``: it corrects the rate upwards, never downwards.
    """

    probes: Count = Field(description="Probes counted.")
    expected_false_positives: Positive = Field(
        description="False positives expected if all probes had been strangers."
    )
    false_positives: Count = Field(description="False positives that were confirmed.")
    not_them: Count = Field(description="Reports `not_them`.")
    them: Count = Field(description="Reports `them`.")
    factor: float = Field(
        ge=1,
        allow_inf_nan=False,
        description="Factor by which feedback raises the rate, at least 1.",
    )


class ThresholdEvidence(BaseModel):
    """The evidence for a threshold, and the difference of the site from the bundle.

    ``fpir_ratio`` is the rate at which strangers would reach the bundle's own threshold here, over
    the rate that the bundle states, with its 95 % interval. ``fits_bundle`` is false, and there is
    a ``warning``, where the ratio is off by more than a factor of two and its interval excludes 1.
    So there is where the target is extrapolated, and where fewer than 20 persons are enrolled.
    Another ``warning`` names persons who are probably one.
    """

    bundle: BundleEvidence = Field(description="The bundle's own threshold.")
    site: SiteView = Field(description="Statistics of the enrolled people.")
    feedback: ReportsView = Field(
        description="Reports, and the false positives that were expected."
    )
    fpir_ratio: Positive | None = Field(
        description="Rate of strangers here at the bundle's threshold, over the rate it states. "
        "Null with fewer than three persons, who show nothing of it; below about 20 it says little."
    )
    fpir_ratio_interval: Pair | None = Field(
        description="95 % interval of this ratio, the lower end first; null where the ratio is."
    )
    fits_bundle: bool = Field(
        description="Whether the ratio agrees with 1 within a factor of two or its interval."
    )
    warning: str | None = Field(
        description="What an operator should know: that the data do not support the rate, that few "
        "persons are enrolled, that strangers here are unlike the bundle's; null where nothing."
    )


class ThresholdView(BaseModel):
    """The similarity from which on a stranger with a typical face is named at a rate of at most
    ``target_fpir``. Each face that is identified has a threshold of its own, as its similarities to
    the gallery's people are higher or lower than a typical face's.

    ``gallery_size`` and ``face_count`` are of the persons who are valid now.
    """

    similarity: LimitOfSimilarity = Field(
        description="The least cosine at which a person is named; higher is stricter."
    )
    target_fpir: TargetFpir
    gallery_size: Count = Field(description="Persons who are valid now.")
    face_count: Count = Field(description="Faces of these persons.")
    fpir_interval: Interval = Field(
        description="95 % interval of the rate at this threshold, the lower end first."
    )
    extrapolated: bool = Field(
        description="Whether the rate is below what the calibration has measured."
    )
    contract_id: ContractId
    evidence: ThresholdEvidence = Field(description="What the threshold follows from.")
