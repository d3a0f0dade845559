"""Decides whether a sample is good enough. The limits are stricter for enrolment than for
identification, because every later probe is compared with a bad template.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.inference.pipeline import Sample
from app.reasons import Reason, SampleReason
from app.vision.types import Quality

Refuse = Callable[[Sample], Sequence[SampleReason]]
"""Gives the reasons for which a sample is not embedded; an empty list where it is good enough."""


def refuse_none(sample: Sample) -> list[SampleReason]:
    """Accept every sample."""
    del sample
    return []


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """The limits that a sample must meet; sizes in pixels, scores and shares 0 to 1, angles in
    degrees.
    """

    min_face_size: int
    min_detection_score: float
    min_quality: float
    max_yaw: float
    max_cut_off: float
    min_recognisability: float

    def at_least(self, pixels: int) -> "QualityPolicy":
        """The same for samples of ``pixels`` or more alone, if that is stricter."""
        return replace(self, min_face_size=max(self.min_face_size, pixels))

    def to_enrol(self, sample: Sample) -> list[SampleReason]:
        """The reasons why the sample cannot become a template; empty when it can."""
        reasons = [*self.to_identify(sample), *self.doubts(sample.quality)]
        if sample.cut_off > self.max_cut_off:
            reasons.append(Reason.FACE_CUT_OFF)
        if sample.detection_score < self.min_detection_score:
            reasons.append(Reason.LOW_DETECTION_SCORE)
        if sample.quality is not None and sample.quality.score < self.min_quality:
            reasons.append(Reason.LOW_QUALITY)
        if sample.quality is not None and abs(sample.quality.yaw) > self.max_yaw:
            reasons.append(Reason.EXTREME_POSE)
        return reasons

    def to_identify(self, sample: Sample) -> list[SampleReason]:
        """The reasons why the probe cannot be compared; empty when it can.

        Probes that the image's border cuts are compared: strangers are named through them no more
        often than through whole faces, and most people are still found (docs/photos.md).
        """
        if sample.quality is not None and sample.quality.face_size < self.min_face_size:
            return [Reason.FACE_TOO_SMALL]
        return []

    def doubts(self, quality: Quality | None) -> list[SampleReason]:
        """The reasons why a face that nobody is like is no stranger: anybody could have it. Empty
        before it is embedded.
        """
        found = None if quality is None else quality.recognisability
        if found is not None and found < self.min_recognisability:
            return [Reason.NOT_RECOGNISABLE]
        return []
