"""A week at two doors: 30 people in three modes, by a table; 500 strangers at a stated 0.1 %."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.support.lfw import people
from tests.support.server import ServerProcess
from tests.support.shifted import PROGRAM, set_clock

BERLIN: Final = ZoneInfo("Europe/Berlin")
MONDAY: Final = datetime(2027, 3, 22, tzinfo=BERLIN)
"""Summer time begins on this week's Sunday, at 02:00."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENROLLED: Final = 3
"""Photos of each person; of three others one burst is made."""
STRANGERS: Final = 500
MOST_GRANTS: Final = 3
"""0.1 % of 500 are 0.5 grants; four or more come by chance once in 600 such weeks (Poisson)."""

GROUPS: Final = {
    "staff": range(1, 11),
    "cleaners": range(11, 16),
    "visitors": range(16, 21),
    "researchers": range(21, 26),
}
"""Persons 26 to 30 are in none."""
FRAMES: Final = {"min_face_size": 60}
"""A few of these photos have a face below the 80 pixels that a door asks for."""
SITE: Final[list[tuple[str, dict[str, Any]]]] = [
    ("zones", {"id": "lobby"}),
    ("doors", {"id": "front", "zone_id": "lobby", "mode": "decide", "frames": FRAMES}),
    ("doors", {"id": "lab", "mode": "decide", "frames": FRAMES}),
    *(("groups", {"id": group}) for group in GROUPS),
    (
        "schedules",
        {
            "id": "office",
            "time_zone": "Europe/Berlin",
            "week": [{"days": DAYS[:5], "start": "08:00", "end": "18:00"}],
            "special_days": [{"name": "closed", "first": "2027-03-25", "last": None, "hours": []}],
        },
    ),
    (
        "schedules",
        {
            "id": "nights",
            "time_zone": "Europe/Berlin",
            "week": [
                {"days": DAYS, "start": "22:00", "end": "24:00"},
                {"days": DAYS, "start": "00:00", "end": "06:00"},
            ],
        },
    ),
    (
        "schedules",
        {
            "id": "always",
            "time_zone": "Europe/Berlin",
            "week": [{"days": DAYS, "start": "00:00", "end": "24:00"}],
        },
    ),
    ("rules", {"id": "staff", "group_id": "staff", "zone_id": "lobby", "schedule_id": "office"}),
    ("rules", {"id": "clean", "group_id": "cleaners", "door_id": "front", "schedule_id": "nights"}),
    ("rules", {"id": "visit", "group_id": "visitors", "door_id": "front", "schedule_id": "office"}),
    ("rules", {"id": "lab", "group_id": "researchers", "door_id": "lab", "schedule_id": "always"}),
]


class Row(NamedTuple):
    """Somebody at a door, and what must be the answer."""

    at: str
    door: str
    person: int
    reason: str
    rule: str | None = None
    claims: int | None = None
    """In mode verify: the person whose id comes with the frames."""


class Change(NamedTuple):
    """Something that an administrator changes."""

    at: str
    path: str
    fields: dict[str, Any]


WEEK: Final[list[Row | Change]] = [
    Row("mon 07:59", "front", 1, "outside_schedule", "staff"),
    Row("mon 08:00", "front", 1, "granted", "staff"),
    Row("mon 08:01", "lab", 2, "not_authorised"),
    Row("mon 09:00", "front", 11, "outside_schedule", "clean"),
    Row("mon 09:01", "front", 21, "not_authorised"),
    Row("mon 09:02", "lab", 21, "granted", "lab"),
    Row("mon 10:00", "front", 26, "not_authorised"),
    Row("mon 10:01", "front", 16, "not_authorised"),  # the visit begins on Tuesday
    Row("mon 17:59", "front", 3, "granted", "staff"),
    Row("mon 18:00", "front", 4, "outside_schedule", "staff"),
    Row("mon 23:59", "front", 12, "granted", "clean"),
    Row("tue 00:00", "front", 13, "granted", "clean"),
    Row("tue 05:59", "front", 14, "granted", "clean"),
    Row("tue 06:00", "front", 15, "outside_schedule", "clean"),
    Row("tue 09:00", "front", 17, "granted", "visit"),
    Row("tue 09:01", "lab", 17, "not_authorised"),
    Row("tue 12:00", "front", 29, "not_authorised"),
    Change("tue 20:00", "doors/lab", {"mode": "verify"}),
    Row("wed 08:00", "lab", 22, "granted", claims=22),
    Row("wed 08:01", "lab", 22, "factor_required"),
    Row("wed 08:02", "lab", 23, "factor_mismatch", claims=22),
    Row("wed 08:03", "lab", 27, "granted", claims=27),  # the panel asks its own rules
    Row("wed 11:59", "lab", 29, "granted", claims=29),
    Row("wed 12:00", "lab", 29, "person_expired", claims=29),
    Row("wed 17:00", "front", 18, "granted", "visit"),
    Change("wed 20:00", "doors/lab", {"mode": "advise"}),
    Row("thu 09:00", "front", 5, "outside_schedule", "staff"),  # closed, in place of the week
    Row("thu 09:01", "front", 19, "not_authorised"),  # the visit is over
    Row("thu 09:02", "lab", 24, "granted"),
    Row("thu 09:03", "lab", 28, "granted"),
    Row("thu 09:04", "lab", 30, "person_not_yet_valid"),
    Change("thu 12:00", "persons/p24", {"suspended": True}),
    Row("thu 12:00", "lab", 24, "person_suspended"),
    Row("thu 23:00", "front", 12, "granted", "clean"),
    Row("fri 09:00", "front", 6, "granted", "staff"),
    Row("fri 09:01", "lab", 30, "granted"),
    Change("fri 10:00", "zones/lobby", {"locked_down": True}),
    Row("fri 10:00", "front", 7, "door_locked_down"),
    Row("fri 10:01", "lab", 25, "granted"),  # in another zone
    Change("fri 10:30", "zones/lobby", {"locked_down": False}),
    Row("fri 10:30", "front", 8, "granted", "staff"),
    Change("fri 11:00", "doors/lab", {"enabled": False}),
    Row("fri 11:00", "lab", 25, "door_disabled"),
    Change("fri 12:00", "doors/lab", {"enabled": True, "mode": "decide"}),
    Row("fri 12:01", "lab", 25, "granted", "lab"),
    Row("sat 09:00", "front", 9, "outside_schedule", "staff"),
    Row("sat 22:00", "front", 11, "granted", "clean"),
    Row("sun 01:59", "front", 13, "granted", "clean"),
    Row("sun 05:59", "front", 14, "granted", "clean"),  # four hours later, not five
    Row("sun 06:00", "front", 15, "outside_schedule", "clean"),
    Row("sun 12:00", "front", 10, "outside_schedule", "staff"),
    Row("sun 12:01", "lab", 20, "not_authorised"),
]
NAMED_BEFORE: Final = {"door_locked_down", "door_disabled", "factor_required", "factor_mismatch"}


def instant(at: str) -> datetime:
    """``mon 08:00`` on the clock of the wall in Berlin."""
    day, _, time = at.partition(" ")
    hour, minute = map(int, time.split(":"))
    days = timedelta(days=DAYS.index(day), hours=hour, minutes=minute)
    return (MONDAY + days).astimezone(UTC)


class Site:
    """The service, at an instant that the test sets."""

    def __init__(self, running: ServerProcess, admin: httpx.Client) -> None:
        self._running = running
        self.admin = admin

    def set_time(self, at: str) -> None:
        """A second after ``at``, so that a minute has begun."""
        there = instant(at) + timedelta(seconds=1)
        set_clock(self._running.data_dir, there - datetime.now(UTC))

    def make(self, kind: str, new: dict[str, Any]) -> None:
        answer = self.admin.post(f"/collections/hq/{kind}", json=new)
        assert answer.status_code == 201, answer.text

    def change(self, path: str, fields: dict[str, Any]) -> None:
        url = f"/collections/hq/{path}"
        answer = self.admin.patch(url, json=fields, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text

    def ask(self, door: str, images: list[Path], **form: str) -> dict[str, Any]:
        files = [("images", (image.name, image.read_bytes())) for image in images]
        answer = self.admin.post(f"/doors/{door}/decisions", data=form, files=files)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def site(face_bundle: Path, server: Callable[..., ServerProcess]) -> Iterator[Site]:
    running = server(face_bundle, program=PROGRAM)
    with running.client() as admin:
        made = Site(running, admin)
        made.set_time("mon 00:00")
        new = {"id": "hq", "target_fpir": 0.001}
        assert admin.post("/collections", json=new).status_code == 201
        yield made


def enrol(site: Site, everybody: list[list[Path]]) -> None:
    windows = {
        29: {"valid_until": instant("wed 12:00").isoformat()},
        30: {"valid_from": instant("fri 00:00").isoformat()},
    }
    for number, photos in enumerate(everybody, 1):
        answer = site.admin.post(
            "/collections/hq/persons",
            data={"id": f"p{number}", **windows.get(number, {})},
            files=[("images", (photo.name, photo.read_bytes())) for photo in photos[:ENROLLED]],
        )
        assert answer.status_code == 201, answer.text


def set_up(site: Site) -> None:
    for kind, new in SITE:
        site.make(kind, new)
    visit = {
        "valid_from": instant("tue 00:00").isoformat(),
        "valid_until": instant("thu 00:00").isoformat(),
    }
    for group, members in GROUPS.items():
        for number in members:
            url = f"/collections/hq/groups/{group}/members/p{number}"
            put = site.admin.put(url, json=visit if group == "visitors" else {})
            assert put.is_success, put.text


@pytest.mark.data
def test_every_decision_of_a_week_is_as_the_table_says(site: Site, photos: Path) -> None:
    everybody = people(photos, least=ENROLLED + 3)[:30]
    enrol(site, everybody)
    set_up(site)
    wrong = []
    for step in WEEK:
        site.set_time(step.at)
        if isinstance(step, Change):
            site.change(step.path, step.fields)
            continue
        claim = {} if step.claims is None else {"person_id": f"p{step.claims}"}
        burst = everybody[step.person - 1][ENROLLED : ENROLLED + 3]
        answer = site.ask(step.door, burst, **claim)
        named = None if step.reason in NAMED_BEFORE else f"p{step.person}"
        expected = (
            "granted" if step.reason == "granted" else "denied",
            step.reason,
            step.rule,
            named,
        )
        found = (
            answer["decision"],
            answer["reason"],
            answer["rule"] and answer["rule"]["id"],
            answer["person"] and answer["person"]["id"],
        )
        wrong += [(step, found)] if found != expected else []
    assert wrong == []
    assert {step.person for step in WEEK if isinstance(step, Row)} == set(range(1, 31))


@pytest.mark.data
def test_of_500_strangers_at_a_stated_rate_of_one_in_a_thousand_three_pass_at_most(
    site: Site, photos: Path, record_property: Callable[[str, object], None]
) -> None:
    """The weakest case: mode advise, where everybody who is named is granted, and bursts of one
    frame."""
    known = people(photos, least=ENROLLED + 3)[:30]
    enrol(site, known)
    site.make("doors", {"id": "front", "mode": "advise", "frames": {"min_used": 1}})
    alone = [files[0] for files in people(photos, least=1) if len(files) == 1]
    reasons = [site.ask("front", [photo])["reason"] for photo in alone[:: len(alone) // STRANGERS]]
    grants = reasons[:STRANGERS].count("granted")
    record_property("grants to 500 strangers", grants)
    print(f"{grants} grants to {STRANGERS} strangers, {set(reasons)}")  # noqa: T201
    assert len(reasons) >= STRANGERS
    assert grants <= MOST_GRANTS
    assert reasons.count("unknown_person") >= STRANGERS * 0.9  # and not: no face was found
