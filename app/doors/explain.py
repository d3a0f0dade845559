"""Which rule decides for a person at a door at any time, without an image: the policy alone.

What doors remember (cooldown, blocks) is left out, for it is of the present.
"""

from dataclasses import dataclass
from datetime import datetime

from app.access.policy.decide import DoorDecision, decide
from app.access.policy.values import Factor, Person, Policy, Rule, Sighting


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """A rule for the door: whether its schedule is open, and whether the person is in its group
    then; None where that cannot be said.
    """

    rule: Rule
    is_open: bool | None
    is_member: bool | None


@dataclass(frozen=True, slots=True)
class Explained:
    """The ``decision`` if the person's face is recognised, and every rule for the door, by id."""

    decision: DoorDecision
    rules: tuple[ExplainedRule, ...]


def explain(policy: Policy, door_id: str, person: Person | None, *, at: datetime) -> Explained:
    """The decision for a ``person``, or for an unknown face, at an instant, and all rules that are
    for the door.
    """
    door = policy.doors[door_id]
    decision = decide(policy, door_id, Sighting(person, factor=Factor.MATCHED), at=at)
    groups = None
    if person is not None:
        groups = {each.group for each in person.memberships if each.valid.includes(at)}
    return Explained(
        decision,
        tuple(
            ExplainedRule(
                rule, _is_open(policy, rule, at), None if groups is None else rule.group in groups
            )
            for rule in sorted(policy.rules, key=lambda rule: rule.id)
            if rule.covers(door)
        ),
    )


def _is_open(policy: Policy, rule: Rule, at: datetime) -> bool | None:
    """None where the schedule cannot be read, as for a time zone that this machine does not know:
    then the door denies.
    """
    try:
        return policy.schedules[rule.schedule].is_open(at)
    except (LookupError, ValueError):
        return None
