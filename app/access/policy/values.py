"""The doors of a collection and the rules for them, and what a decision is asked about.

Groups are known here by their ids alone: memberships and rules name them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.access.policy.schedules import Schedule
from app.reasons import DoorReason


class Mode(StrEnum):
    """The system that decides at a door, and what Kith adds."""

    ADVISE = "advise"
    """The access control system decides; a grant means that the face is right: badge it."""
    VERIFY = "verify"
    """The same, for the person whose card number or id came with the frames, and nobody else."""
    DECIDE = "decide"
    """Kith decides, by groups, rules and schedules."""


class Authority(StrEnum):
    """The system whose rules a grant rests on."""

    ACS = "acs"
    KITH = "kith"


@dataclass(frozen=True, slots=True)
class Door:
    """One camera and one direction. ``exclusive`` is how long after a grant at another door the
    same person gets none here; zero: no time.
    """

    id: str
    zone: str | None = None
    mode: Mode = Mode.ADVISE
    enabled: bool = True
    locked_down: bool = False
    grant_ttl: timedelta = timedelta(seconds=5)
    cooldown: timedelta = timedelta(seconds=4)
    exclusive: timedelta = timedelta(0)

    @property
    def authority(self) -> Authority:
        """Kith's own where it decides; else the access control system's."""
        return Authority.KITH if self.mode is Mode.DECIDE else Authority.ACS


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the site. In a lock-down Kith grants at none of its doors; it locks nothing."""

    id: str
    locked_down: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A group may pass a door, or every door of a zone, while a schedule is open.

    There are no rules that deny: suspension and lock-down do that. ``ValueError`` unless it names
    one of the two.
    """

    id: str
    group: str
    schedule: str
    door: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        """A rule for nothing, or for two things, is a mistake."""
        if (self.door is None) == (self.zone is None):
            raise ValueError(f"the rule {self.id!r} must name a door or a zone, and not both")

    def covers(self, door: Door) -> bool:
        """Whether the rule is about this door."""
        if self.door is not None:
            return self.door == door.id
        return self.zone == door.zone


@dataclass(frozen=True, slots=True)
class Policy:
    """The doors and rules of a collection at one ``revision``, by id."""

    revision: int
    doors: Mapping[str, Door] = field(default_factory=dict)
    zones: Mapping[str, Zone] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A validity: from ``start`` (included) until ``end`` (excluded); None is without a bound."""

    start: datetime | None = None
    end: datetime | None = None

    def is_over(self, at: datetime) -> bool:
        """Whether the validity has ended."""
        return self.end is not None and at >= self.end

    def has_begun(self, at: datetime) -> bool:
        """Whether the validity has begun."""
        return self.start is None or at >= self.start

    def includes(self, at: datetime) -> bool:
        """Whether it is valid now."""
        return self.has_begun(at) and not self.is_over(at)


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in a group, and when it counts: a visitor's ends by itself."""

    group: str
    valid: Window = Window()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled, as the policy sees them."""

    id: str
    valid: Window = Window()
    suspended: bool = False
    memberships: tuple[Membership, ...] = ()


class Factor(StrEnum):
    """The card number or person id that came with the frames."""

    ABSENT = "absent"
    MATCHED = "matched"
    """It is the person's, and the face is theirs."""
    MISMATCHED = "mismatched"
    """It is nobody's, or the face is of somebody else."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The camera's part: the person, if one was recognised, and what is wrong with the frames or
    with the face. Where several things are wrong, the decision says the first in the order of
    ``DoorReason``.
    """

    person: Person | None = None
    wrong: frozenset[DoorReason] = frozenset()
    factor: Factor = Factor.ABSENT


@dataclass(frozen=True, slots=True)
class Grant:
    """An earlier grant: when, for how long, and the id of its event."""

    at: datetime
    valid_until: datetime
    event_id: str


@dataclass(frozen=True, slots=True)
class History:
    """The past that counts: the person's latest grant at this door, and when they had one at
    another; and until when the door is blocked after spoofs.
    """

    here: Grant | None = None
    elsewhere: datetime | None = None
    blocked_until: datetime | None = None
