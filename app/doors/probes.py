"""The evidence that a decision leaves of its frames: none, hashes, or sealed files as well."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.core.sealing import Box, Sealer
from app.doors.frames import Frame
from app.errors import FieldError, InvalidRequest
from app.trail.evidence_repository import Sealed


@dataclass(frozen=True, slots=True)
class Probed:
    """A frame that was looked at: the SHA-256 of its file, whether the decision rests on it, and
    the file ``sealed``, where it is kept if the decision names somebody.
    """

    digest: str
    is_used: bool
    sealed: Box | None = None


class ProbeEvidence:
    """Hashes and seals as the operator chose: with no ``sealer`` it seals nothing. Thread-safe."""

    def __init__(self, sealer: Sealer | None, *, hashes: bool) -> None:
        self._sealer = sealer
        self._hashes = hashes

    def sealed(self, frames: Sequence[Frame], images: Mapping[str, bytes]) -> list[Frame]:
        """The frames with their ``images``, by digest, sealed; unchanged where no image is kept."""
        if self._sealer is None:
            return list(frames)
        seal = self._sealer.seal
        return [replace(each, sealed=seal(images[each.digest])) for each in frames]

    def of(self, frames: Sequence[Frame], used: Sequence[Frame]) -> tuple[Probed, ...] | None:
        """The evidence of the ``frames``, of which some are ``used``; None where none is kept."""
        if not self._hashes:
            return None
        resting = {frame.digest for frame in used}
        return tuple(Probed(each.digest, each.digest in resting, each.sealed) for each in frames)


def received(
    images: Sequence[bytes], captured_at: Sequence[datetime] | None, arrived: datetime
) -> list[Frame]:
    """The frames without their faces; ``InvalidRequest`` where the times do not fit them."""
    if captured_at is not None and len(captured_at) != len(images):
        message = f"{len(captured_at)} times for {len(images)} images; send one for each"
        raise InvalidRequest(
            f"captured_at: {message}.", errors=[FieldError("captured_at", message)]
        )
    times = captured_at or [arrived] * len(images)
    return [
        Frame(hashlib.sha256(image).hexdigest(), taken_at)
        for image, taken_at in zip(images, times, strict=True)
    ]


def written_down(
    probe: Sequence[Probed] | None, *, of_person: bool
) -> list[Mapping[str, Any]] | None:
    """The evidence as a row of the audit has it. Only pictures of a person who was named are kept,
    so that they are deleted with the person.
    """
    return None if probe is None else [_entry(each, of_person=of_person) for each in probe]


def pictures(probe: Sequence[Probed] | None, person_key: int) -> list[Sealed]:
    """The sealed pictures of a person that are kept with the row."""
    return [
        Sealed(place, person_key, each.sealed)
        for place, each in enumerate(probe or ())
        if each.is_used and each.sealed is not None
    ]


def _entry(probed: Probed, *, of_person: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"sha256": probed.digest, "used": probed.is_used}
    if of_person and probed.is_used and probed.sealed is not None:
        entry["sealed"] = hashlib.sha256(probed.sealed.content).hexdigest()
    return entry
