"""The decision at a door: one reason, the first that applies in the order of ``DoorReason``.

The steps below are in that order. Each says why not, or nothing; if none says anything, the person
may pass. Whatever breaks on the way denies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.access.policy.values import (
    Authority,
    Door,
    Factor,
    Grant,
    History,
    Mode,
    Person,
    Policy,
    Rule,
    Sighting,
)
from app.reasons import DoorReason


class Answer(StrEnum):
    """The answer for a lock: only ``granted`` opens."""

    GRANTED = "granted"
    DENIED = "denied"
    BLOCKED = "blocked"
    """Denied because somebody seems to cheat."""


@dataclass(frozen=True, slots=True)
class DoorDecision:
    """The answer, its one reason, and what it rests on.

    ``rule`` and ``schedule`` are those that decide: that grant, or that would at another time.
    ``repeats`` is the event id of an earlier grant that still holds, and is said again.
    ``fault`` is for the log: what broke, where the reason is ``system_error``.
    """

    reason: DoorReason
    authority: Authority
    policy_revision: int
    person: str | None = None
    rule: str | None = None
    schedule: str | None = None
    valid_until: datetime | None = None
    blocked_until: datetime | None = None
    repeats: str | None = None
    fault: str | None = None

    @property
    def answer(self) -> Answer:
        """Granted, denied or blocked, by the reason alone."""
        if self.reason is DoorReason.GRANTED:
            return Answer.GRANTED
        return Answer.BLOCKED if self.reason in _CHEATING else Answer.DENIED


_CHEATING: Final = frozenset({DoorReason.TEMPORARILY_BLOCKED, DoorReason.SPOOF_SUSPECTED})
_OF_FRAMES: Final = (
    DoorReason.STALE_FRAMES,
    DoorReason.TOO_FEW_FRAMES,
    DoorReason.NO_FACE,
    DoorReason.LOW_QUALITY,
    DoorReason.MULTIPLE_FACES,
    DoorReason.FRAMES_DISAGREE,
    DoorReason.SPOOF_SUSPECTED,
    DoorReason.UNKNOWN_PERSON,
    DoorReason.AMBIGUOUS,
)
"""The faults of frames or of a face, in the fixed order."""
_BY_A_RULE: Final = (DoorReason.OUTSIDE_SCHEDULE, DoorReason.COOLDOWN, DoorReason.GRANTED)
_OF_A_PERSON: Final = (
    DoorReason.PERSON_NOT_YET_VALID,
    DoorReason.PERSON_EXPIRED,
    DoorReason.PERSON_SUSPENDED,
    DoorReason.NOT_AUTHORISED,
    *_BY_A_RULE,
)
"""Reasons with which the person is named."""


def decide(
    policy: Policy,
    door_id: str,
    sighting: Sighting,
    *,
    at: datetime,
    history: History | None = None,
) -> DoorDecision:
    """May the person pass this door at this instant? Never raises: a fault denies."""
    try:
        return _decide(_Question(policy, policy.doors[door_id], sighting, at, history or History()))
    except Exception as error:  # noqa: BLE001 - whatever breaks, the door stays shut
        return DoorDecision(
            DoorReason.SYSTEM_ERROR,
            Authority.KITH,
            policy.revision,
            fault=f"{type(error).__name__}: {error}",
        )


@dataclass(frozen=True, slots=True)
class _Question:
    """A decision to make; ``rules`` are those for this door and person, by id, and whether the
    schedule of each is open. All are looked at, so that a broken one denies whatever the others
    say.
    """

    policy: Policy
    door: Door
    sighting: Sighting
    at: datetime
    history: History
    rules: tuple[tuple[Rule, bool], ...] = field(init=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"{self.at} has no time zone")
        object.__setattr__(self, "rules", tuple(self._rules()) if self._needs_rules else ())

    @property
    def person(self) -> Person | None:
        return self.sighting.person

    @property
    def deciding(self) -> Rule | None:
        """The first rule that grants now; else the first that would at another time."""
        granting = [rule for rule, is_open in self.rules if is_open]
        return next(iter(granting or [rule for rule, _ in self.rules]), None)

    @property
    def is_recognised(self) -> bool:
        """Whether the face is the person's: where they are claimed by a card, it must match."""
        return self.door.mode is not Mode.VERIFY or self.sighting.factor is Factor.MATCHED

    @property
    def holding(self) -> Grant | None:
        """The person's latest grant at this door, while it is still valid."""
        here = self.history.here
        return here if here is not None and here.at <= self.at < here.valid_until else None

    @property
    def _needs_rules(self) -> bool:
        return self.door.mode is Mode.DECIDE and self.person is not None

    def _rules(self) -> list[tuple[Rule, bool]]:
        memberships = self.person.memberships if self.person else ()
        groups = {each.group for each in memberships if each.valid.includes(self.at)}
        mine = [
            rule for rule in self.policy.rules if rule.group in groups and rule.covers(self.door)
        ]
        return [
            (rule, self.policy.schedules[rule.schedule].is_open(self.at))
            for rule in sorted(mine, key=lambda rule: rule.id)
        ]


def _decide(asked: _Question) -> DoorDecision:
    reason = next(filter(None, (step(asked) for step in _STEPS)), DoorReason.GRANTED)
    found = DoorDecision(reason, asked.door.authority, asked.policy.revision)
    if reason is DoorReason.TEMPORARILY_BLOCKED:
        return replace(found, blocked_until=asked.history.blocked_until)
    if asked.is_recognised and reason in _OF_A_PERSON and asked.person is not None:
        found = replace(found, person=asked.person.id)
    if reason in _BY_A_RULE and (rule := asked.deciding) is not None:
        found = replace(found, rule=rule.id, schedule=rule.schedule)
    if reason is not DoorReason.GRANTED:
        return found
    if (earlier := asked.holding) is not None:
        return replace(found, valid_until=earlier.valid_until, repeats=earlier.event_id)
    return replace(found, valid_until=asked.at + asked.door.grant_ttl)


def _door(asked: _Question) -> DoorReason | None:
    door = asked.door
    if not door.enabled:
        return DoorReason.DOOR_DISABLED
    zone_is_locked_down = door.zone is not None and asked.policy.zones[door.zone].locked_down
    if door.locked_down or zone_is_locked_down:
        return DoorReason.DOOR_LOCKED_DOWN
    return None


def _block(asked: _Question) -> DoorReason | None:
    until = asked.history.blocked_until
    return DoorReason.TEMPORARILY_BLOCKED if until is not None and asked.at < until else None


def _frames(asked: _Question) -> DoorReason | None:
    wrong = asked.sighting.wrong
    if not wrong <= set(_OF_FRAMES):
        raise ValueError(f"{sorted(wrong)} are not all about frames or a face")
    if (first := next((each for each in _OF_FRAMES if each in wrong), None)) is not None:
        return first
    nobody = asked.person is None and asked.door.mode is not Mode.VERIFY
    return DoorReason.UNKNOWN_PERSON if nobody else None


def _person(asked: _Question) -> DoorReason | None:
    person = asked.person
    if person is None:
        return None
    if not person.valid.has_begun(asked.at):
        return DoorReason.PERSON_NOT_YET_VALID
    if person.valid.is_over(asked.at):
        return DoorReason.PERSON_EXPIRED
    return DoorReason.PERSON_SUSPENDED if person.suspended else None


def _factor(asked: _Question) -> DoorReason | None:
    if asked.door.mode is not Mode.VERIFY:
        return None
    if asked.sighting.factor is Factor.ABSENT:
        return DoorReason.FACTOR_REQUIRED
    matched = asked.sighting.factor is Factor.MATCHED and asked.person is not None
    return None if matched else DoorReason.FACTOR_MISMATCH


def _rules(asked: _Question) -> DoorReason | None:
    if asked.door.mode is not Mode.DECIDE:
        return None
    if not asked.rules:
        return DoorReason.NOT_AUTHORISED
    is_open = any(is_open for _, is_open in asked.rules)
    return None if is_open else DoorReason.OUTSIDE_SCHEDULE


def _cooldown(asked: _Question) -> DoorReason | None:
    """A grant that still holds is said again: a green light does not turn red."""
    if asked.holding is not None:
        return None
    here = asked.history.here.at if asked.history.here else None
    soon_here = _is_within(asked.door.cooldown, since=here, at=asked.at)
    soon_elsewhere = _is_within(asked.door.exclusive, since=asked.history.elsewhere, at=asked.at)
    return DoorReason.COOLDOWN if soon_here or soon_elsewhere else None


def _is_within(length: timedelta, *, since: datetime | None, at: datetime) -> bool:
    """A grant of the future, as after a clock was set back, does not count."""
    return since is not None and timedelta(0) <= at - since < length


_STEPS: Final[tuple[Callable[[_Question], DoorReason | None], ...]] = (
    _door,
    _block,
    _frames,
    _person,
    _factor,
    _rules,
    _cooldown,
)
