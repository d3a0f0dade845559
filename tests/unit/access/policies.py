"""A small site for the tests of the policy: staff at the front door in office hours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.access.policy.schedules import Hours, Schedule, WeeklyHours
from app.access.policy.values import (
    Door,
    Factor,
    Grant,
    History,
    Membership,
    Mode,
    Person,
    Policy,
    Rule,
    Sighting,
    Window,
    Zone,
)

MONDAY_NOON = datetime(2027, 6, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICE = Schedule("office", "UTC", (WeeklyHours(frozenset(range(5)), Hours(8 * 60, 18 * 60)),))
NIGHT = Schedule("night", "UTC", (WeeklyHours(frozenset(range(7)), Hours(0, 6 * 60)),))
FRONT = Door("front", zone="lobby", mode=Mode.DECIDE)
ADA = Person("ada", memberships=(Membership("staff"),))
STAFF_RULE = Rule("staff-office", "staff", "office", door="front")
SITE = Policy(
    17,
    doors={"front": FRONT},
    zones={"lobby": Zone("lobby")},
    schedules={"office": OFFICE, "night": NIGHT},
    rules=(STAFF_RULE,),
)
SEEN = Sighting(ADA)
PAST = Window(end=MONDAY_NOON)
FUTURE = Window(start=MONDAY_NOON + HOUR)
LATEST = Grant(MONDAY_NOON - timedelta(seconds=2), MONDAY_NOON + timedelta(seconds=3), "evt-1")


def at_door(policy: Policy = SITE, **changes: object) -> Policy:
    """The site with another front door."""
    return replace(policy, doors={"front": replace(policy.doors["front"], **changes)})  # type: ignore[arg-type]


def verifying(factor: Factor, person: Person | None = ADA) -> Sighting:
    return Sighting(person, factor=factor)


def granted(ago: timedelta, *, ttl: timedelta = timedelta(0)) -> History:
    """A grant here, some time before noon."""
    return History(Grant(MONDAY_NOON - ago, MONDAY_NOON - ago + ttl, "evt-0"))
