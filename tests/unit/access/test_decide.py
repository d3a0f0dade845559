"""The decision at a door, case by case, and in which order its reasons come."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations

import pytest

from app.access.policy.decide import Answer, decide
from app.access.policy.values import (
    Authority,
    Factor,
    History,
    Membership,
    Mode,
    Policy,
    Rule,
    Sighting,
    Window,
    Zone,
)
from app.reasons import DoorReason
from tests.unit.access.policies import (
    ADA,
    FUTURE,
    HOUR,
    LATEST,
    MONDAY_NOON,
    NIGHT,
    PAST,
    SEEN,
    SITE,
    STAFF_RULE,
    at_door,
    granted,
    verifying,
)

SECOND = timedelta(seconds=1)
NIGHTLY = Rule("a-night", "staff", "night", door="front")
BY_ZONE = Rule("z-lobby", "staff", "office", zone="lobby")


def of(*memberships: Membership) -> Sighting:
    return Sighting(replace(ADA, memberships=memberships))


def ruled(*rules: Rule) -> Policy:
    return replace(SITE, rules=rules)


ADVISING, VERIFYING = at_door(mode=Mode.ADVISE), at_door(mode=Mode.VERIFY)
LOCKED_DOWN = replace(SITE, zones={"lobby": Zone("lobby", locked_down=True)})
BLOCKED = History(blocked_until=MONDAY_NOON + SECOND)
SUSPENDED = Sighting(replace(ADA, suspended=True))

_ORDER = list(DoorReason)
OF_FRAMES = _ORDER[_ORDER.index(DoorReason.STALE_FRAMES) : _ORDER.index(DoorReason.AMBIGUOUS) + 1]

CASES: list[tuple[str, Policy, Sighting, History, str]] = [
    # mode decide: groups, rules, schedules
    ("staff in office hours", SITE, SEEN, History(), "granted"),
    ("nobody's face", SITE, Sighting(), History(), "unknown_person"),
    ("no rules at all", ruled(), SEEN, History(), "not_authorised"),
    ("an empty policy", Policy(0), SEEN, History(), "system_error"),
    ("in no group", SITE, of(), History(), "not_authorised"),
    ("in another group", SITE, of(Membership("guests")), History(), "not_authorised"),
    ("a visitor of today", SITE, of(Membership("staff", Window(end=MONDAY_NOON + HOUR))),
     History(), "granted"),
    ("a visitor of yesterday", SITE, of(Membership("staff", PAST)), History(), "not_authorised"),
    ("a visitor of tomorrow", SITE, of(Membership("staff", FUTURE)), History(), "not_authorised"),
    ("a rule for another door", ruled(replace(STAFF_RULE, door="back")), SEEN, History(),
     "not_authorised"),
    ("a rule for the zone", ruled(BY_ZONE), SEEN, History(), "granted"),
    ("a rule for another zone", ruled(replace(BY_ZONE, zone="lab")), SEEN, History(),
     "not_authorised"),
    ("at another time", ruled(NIGHTLY), SEEN, History(), "outside_schedule"),
    ("one rule closed, one open", ruled(NIGHTLY, STAFF_RULE), SEEN, History(), "granted"),
    # what overrides rules
    ("the door is off", at_door(enabled=False), SEEN, History(), "door_disabled"),
    ("the door is locked down", at_door(locked_down=True), SEEN, History(), "door_locked_down"),
    ("its zone is locked down", LOCKED_DOWN, SEEN, History(), "door_locked_down"),
    ("suspended", SITE, SUSPENDED, History(), "person_suspended"),
    ("not yet valid", SITE, Sighting(replace(ADA, valid=FUTURE)), History(),
     "person_not_yet_valid"),
    ("expired at this instant", SITE, Sighting(replace(ADA, valid=PAST)), History(),
     "person_expired"),
    ("valid from this instant on", SITE, Sighting(replace(ADA, valid=Window(MONDAY_NOON))),
     History(), "granted"),
    # mode advise: no rules, everything else
    ("advised without rules", replace(ADVISING, rules=()), SEEN, History(), "granted"),
    ("advised, nobody's face", ADVISING, Sighting(), History(), "unknown_person"),
    ("advised, suspended", ADVISING, SUSPENDED, History(), "person_suspended"),
    ("advised, locked down", at_door(ADVISING, locked_down=True), SEEN, History(),
     "door_locked_down"),
    # mode verify: the claimed person, and nobody else
    ("a card and its owner", VERIFYING, verifying(Factor.MATCHED), History(), "granted"),
    ("no card", VERIFYING, verifying(Factor.ABSENT), History(), "factor_required"),
    ("no card, nobody", VERIFYING, Sighting(), History(), "factor_required"),
    ("another's card", VERIFYING, verifying(Factor.MISMATCHED), History(), "factor_mismatch"),
    ("nobody's card", VERIFYING, verifying(Factor.MISMATCHED, None), History(),
     "factor_mismatch"),
    ("a match with nobody", VERIFYING, verifying(Factor.MATCHED, None), History(),
     "factor_mismatch"),
    # what was before
    ("blocked", SITE, SEEN, BLOCKED, "temporarily_blocked"),
    ("blocked until now", SITE, SEEN, History(blocked_until=MONDAY_NOON), "granted"),
    ("a grant that holds", SITE, SEEN, History(LATEST), "granted"),
    ("a grant that is over", SITE, SEEN, granted(2 * SECOND), "cooldown"),
    ("a grant of before the cooldown", SITE, SEEN, granted(4 * SECOND), "granted"),
    ("a grant of the future", SITE, SEEN, granted(-HOUR, ttl=HOUR), "granted"),
    ("a grant elsewhere", SITE, SEEN, History(elsewhere=MONDAY_NOON - SECOND), "granted"),
    ("a grant elsewhere, exclusive", at_door(exclusive=2 * SECOND), SEEN,
     History(elsewhere=MONDAY_NOON - SECOND), "cooldown"),
    ("a grant elsewhere, long ago", at_door(exclusive=2 * SECOND), SEEN,
     History(elsewhere=MONDAY_NOON - 2 * SECOND), "granted"),
    # whatever is broken
    ("a rule without its schedule", ruled(replace(STAFF_RULE, schedule="gone")), SEEN, History(),
     "system_error"),
    ("a zone that is not there", replace(SITE, zones={}), SEEN, History(), "system_error"),
    ("an unknown time zone", replace(SITE, schedules={"office": replace(NIGHT, time_zone="x/y")}),
     SEEN, History(), "system_error"),
    ("a reason that is not of frames", SITE, Sighting(ADA, frozenset({DoorReason.GRANTED})),
     History(), "system_error"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "sighting", "history", "reason"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_the_table_of_cases(
    policy: Policy, sighting: Sighting, history: History, reason: str
) -> None:
    decision = decide(policy, "front", sighting, at=MONDAY_NOON, history=history)
    assert decision.reason == reason, decision
    assert (decision.answer is Answer.GRANTED) == (reason == "granted")
    assert (decision.valid_until is not None) == (reason == "granted")


def test_every_reason_is_in_the_table_or_is_of_frames() -> None:
    seen = {reason for *_, reason in CASES} | {each.value for each in OF_FRAMES}
    assert seen == set(DoorReason)


def test_of_several_things_wrong_with_frames_the_first_is_said() -> None:
    for one, other in combinations(OF_FRAMES, 2):
        sighting = Sighting(ADA, frozenset({other, one}))
        assert decide(SITE, "front", sighting, at=MONDAY_NOON).reason is one


def test_a_grant_names_its_rule_and_schedule_and_how_long_it_holds() -> None:
    decision = decide(ruled(BY_ZONE, NIGHTLY, STAFF_RULE), "front", SEEN, at=MONDAY_NOON)
    assert (decision.rule, decision.schedule) == ("staff-office", "office")
    assert (decision.person, decision.authority) == ("ada", Authority.KITH)
    assert decision.valid_until == MONDAY_NOON + 5 * SECOND
    assert decision.policy_revision == 17


def test_a_denial_outside_of_a_schedule_names_the_rule_that_would_grant() -> None:
    decision = decide(ruled(NIGHTLY), "front", SEEN, at=MONDAY_NOON)
    assert (decision.rule, decision.schedule) == ("a-night", "night")


@pytest.mark.parametrize("policy", [ADVISING, VERIFYING])
def test_in_other_modes_the_authority_is_the_access_control_system(policy: Policy) -> None:
    decision = decide(policy, "front", verifying(Factor.MATCHED), at=MONDAY_NOON)
    assert decision.authority is Authority.ACS
    assert decision.rule is decision.schedule is None


def test_a_repeat_says_the_same_grant_again() -> None:
    decision = decide(SITE, "front", SEEN, at=MONDAY_NOON, history=History(LATEST))
    assert (decision.repeats, decision.valid_until) == ("evt-1", LATEST.valid_until)


def test_a_repeat_needs_all_that_a_grant_needs() -> None:
    for policy, sighting in ((LOCKED_DOWN, SEEN), (SITE, SUSPENDED), (ruled(), SEEN)):
        decision = decide(policy, "front", sighting, at=MONDAY_NOON, history=History(LATEST))
        assert decision.answer is not Answer.GRANTED
        assert decision.repeats is None


def test_a_block_says_until_when_and_counts_as_blocked() -> None:
    decision = decide(SITE, "front", SEEN, at=MONDAY_NOON, history=BLOCKED)
    assert (decision.answer, decision.blocked_until) == (Answer.BLOCKED, BLOCKED.blocked_until)
    spoof = Sighting(ADA, frozenset({DoorReason.SPOOF_SUSPECTED}))
    assert decide(SITE, "front", spoof, at=MONDAY_NOON).answer is Answer.BLOCKED


def test_nobody_is_named_who_was_not_recognised() -> None:
    for reason in OF_FRAMES:
        sighting = Sighting(ADA, frozenset({reason}))
        assert decide(SITE, "front", sighting, at=MONDAY_NOON).person is None
    for factor in (Factor.ABSENT, Factor.MISMATCHED):
        gone = replace(ADA, suspended=True)
        decision = decide(VERIFYING, "front", verifying(factor, gone), at=MONDAY_NOON)
        assert (decision.reason, decision.person) == (DoorReason.PERSON_SUSPENDED, None)
    assert decide(SITE, "front", SUSPENDED, at=MONDAY_NOON).person == "ada"


def test_a_broken_rule_denies_whatever_the_others_say() -> None:
    broken = replace(STAFF_RULE, id="z", schedule="gone")
    decision = decide(ruled(STAFF_RULE, broken), "front", SEEN, at=MONDAY_NOON)
    assert decision.reason is DoorReason.SYSTEM_ERROR
    assert decision.fault == "KeyError: 'gone'"
    theirs = replace(broken, group="guests")
    assert decide(ruled(STAFF_RULE, theirs), "front", SEEN, at=MONDAY_NOON).fault is None


def test_an_unknown_door_and_a_time_without_zone_deny() -> None:
    assert decide(SITE, "back", SEEN, at=MONDAY_NOON).reason is DoorReason.SYSTEM_ERROR
    naive = datetime(2027, 6, 7, 12)  # noqa: DTZ001
    assert decide(SITE, "front", SEEN, at=naive).reason is DoorReason.SYSTEM_ERROR


@pytest.mark.parametrize("both", [{}, {"door": "front", "zone": "lobby"}])
def test_a_rule_names_a_door_or_a_zone(both: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a door or a zone"):
        Rule("r", "staff", "office", **both)
