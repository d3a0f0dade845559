"""Decisions at doors as frozen values with raw scores; ``render`` withholds and rounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from app.access.policy.decide import DoorDecision
from app.access.policy.values import Factor
from app.auth.principal import Principal
from app.doors.door_repository import FoundDoor
from app.doors.person_repository import KnownPerson
from app.doors.probes import Probed
from app.gallery.credential_repository import CredentialValue
from app.gallery.credential_schemas import CredentialKind
from app.reasons import DoorReason
from app.recognition.bursts import SeenBurst

Claim = Literal["person_id", CredentialKind]


@dataclass(frozen=True, slots=True)
class Asked:
    """The door that is asked about, the caller, the request's id, and whether it is a trial."""

    door: FoundDoor
    caller: Principal
    request_id: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class FramesSeen:
    """The use made of the frames: how many were ``received``, ``used`` and ``needed``; the times of
    the first and the last used one.
    """

    received: int
    needed: int
    used: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def span(self) -> timedelta:
        """The time from the first used frame to the last."""
        if self.first_at is None or self.last_at is None:
            return timedelta(0)
        return self.last_at - self.first_at

    def age(self, at: datetime) -> timedelta | None:
        """The age of the last used frame at an instant; None where none was used."""
        return None if self.last_at is None else at - self.last_at


@dataclass(frozen=True, slots=True)
class Sight:
    """The result of recognition: the internal key of the person in ``frames``, if any, what is
    ``wrong``, and whether the ``claim`` that came with them is true. Once the frame of time
    ``enough_since`` is stale, too few fresh frames are left; ``match`` is what the audit says of
    the comparison, ``agreeing`` frames speak for the person, and ``probe`` is the evidence of them
    all.
    """

    frames: FramesSeen
    person_key: int | None = None
    wrong: frozenset[DoorReason] = frozenset()
    factor: Factor = Factor.ABSENT
    claim: Claim | None = None
    enough_since: datetime | None = None
    match: Mapping[str, Any] | None = None
    agreeing: int = 0
    probe: tuple[Probed, ...] | None = None


@dataclass(frozen=True, slots=True)
class Concluded:
    """A ``decision`` made ``at`` an instant, the person as they were then, and its event.

    ``suppressed``: an earlier decision made the event, or it is yet to be made. ``revealed``: the
    credentials of somebody who is granted at a door that reveals them; for the answer alone.
    """

    decision: DoorDecision
    at: datetime
    person: KnownPerson | None = None
    event_id: str | None = None
    suppressed: bool = False
    revealed: tuple[CredentialValue, ...] = ()


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """The answer to a request at a door. ``seen`` is None where nobody was looked for; ``claim`` is
    what came with the frames.
    """

    asked: Asked
    concluded: Concluded
    frames: FramesSeen
    seen: SeenBurst | None = None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A session that needs ``need`` more frames; nothing was decided."""

    asked: Asked
    at: datetime
    policy_revision: int
    frames: FramesSeen
    need: int


def factors_of(claim: Claim | None, *, named: bool) -> list[Literal["face"] | Claim]:
    """The factors that were checked and are the person's; nothing where nobody is named."""
    return ["face", *([claim] if claim else [])] if named else []


def in_ms(span: timedelta) -> int:
    """Whole milliseconds."""
    return round(span / timedelta(milliseconds=1))
