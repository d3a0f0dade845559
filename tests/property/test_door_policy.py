"""The schedules and the policy of doors.

A schedule is open, in any zone and on any day, at the instants that a slow search of the wall clock
finds. Under any policy, a condition that can only forbid never makes a grant.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.access.policy.decide import Answer, decide
from app.access.policy.schedules import MIDNIGHT, Hours, Schedule, SpecialDays, WeeklyHours
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
from app.reasons import DoorReason

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
    "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Chatham",
)  # fmt: skip
MINUTE = timedelta(minutes=1)
SHIFTS = [date(2027, 3, 28), date(2027, 10, 31), date(2027, 3, 14), date(2027, 11, 7)]
LEAP_DAY = date(2028, 2, 29)
days = st.one_of(
    st.sampled_from([*SHIFTS, LEAP_DAY, date(2011, 12, 30), date(2027, 4, 4)]),
    st.dates(date(2010, 1, 2), date(2036, 12, 30)),
)
spans = st.tuples(st.integers(0, MIDNIGHT), st.integers(0, MIDNIGHT)).filter(
    lambda pair: pair[0] != pair[1]
)
hours = spans.map(lambda pair: Hours(min(pair), max(pair)))


@st.composite
def schedules(draw: st.DrawFn, near: date) -> Schedule:
    week = st.builds(WeeklyHours, st.frozensets(st.integers(0, 6)), hours)
    offset = st.integers(-2, 2).map(lambda each: near + timedelta(days=each))
    special = st.builds(
        lambda pair, own: SpecialDays(min(pair), max(pair), tuple(own)),
        st.tuples(offset, offset),
        st.lists(hours, max_size=2),
    )
    return Schedule(
        "s",
        draw(st.sampled_from(ZONES)),
        tuple(draw(st.lists(week, max_size=3))),
        tuple(draw(st.lists(special, max_size=2))),
    )


def slow_hours(schedule: Schedule, day: date) -> set[int]:
    """Every minute of the wall clock at which the schedule is open that day."""
    special = [each for each in schedule.special_days if each.first <= day <= each.last]
    if special:
        return {m for each in special for own in each.hours for m in range(own.start, own.end)}
    mine = [each.hours for each in schedule.week if day.weekday() in each.days]
    return {minute for own in mine for minute in range(own.start, own.end)}


def slow_instants(schedule: Schedule, day: date) -> set[datetime]:
    """Every instant, in UTC and whole minutes, at which the wall shows one of these minutes: none
    for one that the clock skips, two for one that it shows twice.
    """
    zone = ZoneInfo(schedule.time_zone)
    found = set()
    for minute in slow_hours(schedule, day):
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        for fold in (0, 1):
            instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None) == wall:
                found.add(instant)
    return found


@settings(max_examples=40, deadline=None)
@given(data=st.data(), day=days)
@example(data=None, day=SHIFTS[0])
@example(data=None, day=SHIFTS[1])
def test_what_is_open_is_what_the_wall_clock_shows(data: st.DataObject | None, day: date) -> None:
    nightly = WeeklyHours(frozenset(range(7)), Hours(90, 210))
    schedule = (
        Schedule("s", "Europe/Berlin", (nightly,)) if data is None else data.draw(schedules(day))
    )
    around = [day + timedelta(days=each) for each in (-1, 0, 1)]
    wanted = set().union(*(slow_instants(schedule, each) for each in around))
    zone = ZoneInfo(schedule.time_zone)
    start = datetime.combine(day, time(), UTC) - timedelta(hours=26)
    for place in range(76 * 60):
        instant = start + place * MINUTE
        if instant.astimezone(zone).date() in around:
            assert schedule.is_open(instant) == (instant in wanted), instant


NOON = datetime(2027, 6, 7, 12, tzinfo=UTC)
groups = st.sampled_from(["staff", "guests"])
hours_away = st.integers(-3, 3).map(lambda each: NOON + timedelta(hours=each))
moments = st.none() | hours_away
windows = st.builds(Window, moments, moments)
people = st.builds(
    Person,
    st.just("ada"),
    windows,
    st.booleans(),
    st.lists(st.builds(Membership, groups, windows), max_size=3).map(tuple),
)
rules = st.builds(
    lambda name, group, schedule, of, where: Rule(
        name, group, schedule, **{of: where if of == "door" else f"zone-{where}"}
    ),
    st.sampled_from(["a", "b", "c"]),
    groups,
    st.sampled_from(["day", "never", "missing"]),
    st.sampled_from(["door", "zone"]),
    st.sampled_from(["front", "back"]),
)
frame_reasons = st.frozensets(
    st.sampled_from([DoorReason.NO_FACE, DoorReason.SPOOF_SUSPECTED, DoorReason.AMBIGUOUS]),
    max_size=1,
)
sightings = st.builds(
    Sighting,
    st.none() | people,
    st.just(frozenset[DoorReason]()) | frame_reasons,
    st.sampled_from(Factor),
)
doors = st.builds(
    Door,
    st.just("front"),
    st.sampled_from([None, "zone-front", "zone-missing"]),
    st.sampled_from(Mode),
    st.sampled_from([True, True, False]),
    st.sampled_from([False, False, True]),
)
histories = st.builds(
    History,
    st.none() | hours_away.map(lambda at: Grant(at, at + timedelta(minutes=5), "e")),
    moments,
    moments,
)
DAY = Schedule("day", "UTC", (WeeklyHours(frozenset(range(7)), Hours(8 * 60, 18 * 60)),))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(
        1,
        doors={"front": draw(doors)},
        zones={"zone-front": Zone("zone-front", draw(st.sampled_from([False, False, True])))},
        schedules={"day": DAY, "never": Schedule("never", "UTC")},
        rules=tuple(draw(st.lists(rules, max_size=4))),
    )


def slow_may_pass(policy: Policy, seen: Sighting, history: History) -> bool:
    """Everything that a grant needs, in no order."""
    door, person = policy.doors["front"], seen.person
    zone = policy.zones.get(door.zone or "")
    needed = [
        door.enabled and not door.locked_down,
        door.zone is None or (zone is not None and not zone.locked_down),
        history.blocked_until is None or history.blocked_until <= NOON,
        not seen.wrong,
        person is not None and person.valid.includes(NOON) and not person.suspended,
        door.mode is not Mode.VERIFY or seen.factor is Factor.MATCHED,
    ]
    if door.mode is Mode.DECIDE and person is not None:
        mine = {each.group for each in person.memberships if each.valid.includes(NOON)}
        about = [
            each
            for each in policy.rules
            if each.group in mine and (each.door or each.zone) in ("front", door.zone)
        ]
        needed += [each.schedule != "missing" for each in about]
        needed.append(any(each.schedule == "day" for each in about))
    return all(needed)


@settings(max_examples=400, deadline=None)
@given(policy=policies(), seen=sightings, history=histories)
def test_a_grant_needs_everything(policy: Policy, seen: Sighting, history: History) -> None:
    decision = decide(policy, "front", seen, at=NOON, history=history)
    may_pass = slow_may_pass(policy, seen, history)
    assert (decision.reason in (DoorReason.GRANTED, DoorReason.COOLDOWN)) == may_pass
    assert (decision.answer is Answer.GRANTED) == (decision.valid_until is not None)


@settings(max_examples=200, deadline=None)
@given(policy=policies(), seen=sightings, history=histories)
def test_less_than_there_is_never_makes_a_grant(
    policy: Policy, seen: Sighting, history: History
) -> None:
    """An answer that is no grant does not become one where rows are lost."""
    if decide(policy, "front", seen, at=NOON, history=history).answer is Answer.GRANTED:
        return
    less = [
        replace(policy, zones={}),
        replace(policy, schedules={}),
        replace(policy, doors={}),
        Policy(0),
    ]
    for each in less:
        assert decide(each, "front", seen, at=NOON, history=history).answer is not Answer.GRANTED
