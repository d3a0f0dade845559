"""``kith door explain``: which rule decides, for whom, at which time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.api.support import ok
from tests.support.commands import Kith
from tests.support.server import ServerProcess

HQ = "/collections/hq"
WEEK = [{"days": ["mon", "fri"], "start": "08:00", "end": "18:00"}]
MADE = (
    ("doors", {"id": "front", "mode": "decide"}),
    ("groups", {"id": "staff"}),
    ("schedules", {"id": "office", "time_zone": "Europe/Berlin", "week": WEEK}),
    ("rules", {"id": "r", "group_id": "staff", "door_id": "front", "schedule_id": "office"}),
    ("persons", {"id": "ada"}),
    ("persons", {"id": "bob"}),
)
Explain = Callable[..., str]


@pytest.fixture
def explain(server: Callable[..., ServerProcess], fake_bundle: Path, kith: Kith) -> Explain:
    service = server()
    with service.client() as client:
        assert client.post("/collections", json={"id": "hq"}).status_code == 201
        for kind, new in MADE:
            assert client.post(f"{HQ}/{kind}", json=new).status_code == 201, kind
        ok(client.put(f"{HQ}/groups/staff/members/ada", json={}))
        assert client.post("/collections", json={"id": "annex"}).status_code == 201
    return partial(kith, service.data_dir, fake_bundle, "door", "explain")


def test_it_names_the_rule_that_decides_at_any_time(explain: Explain) -> None:
    monday, sunday = "2027-01-04T09:00:00+01:00", "2027-01-03T09:00:00+01:00"
    ada = ("--door", "front", "--person", "ada", "--at")
    said = explain(*ada, monday)
    assert ": granted, by the rule r (schedule office)" in said
    assert said.endswith("[0]")
    said = explain(*ada, sunday)
    assert "denied, outside_schedule, by the rule r (schedule office)" in said
    assert said.endswith("[3]")
    said = explain("--door", "front", "--person", "bob", "--at", monday)
    assert "denied, not_authorised" in said
    assert "staff (not in it)" in said
    assert "denied, unknown_person" in explain("--door", "front", "--collection", "hq")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--door", "back"), "no door 'back'"),
        (("--door", "front", "--collection", "annex"), "no door 'front'"),
        (("--door", "front", "--collection", "nowhere"), "no collection 'nowhere'"),
        (("--door", "front", "--person", "eve"), "no person 'eve'"),
        (("--door", "front", "--at", "2027-01-04T09:00:00"), "an offset is needed"),
        (("--door", "front", "--at", "noon"), "an offset is needed"),
    ],
)
def test_what_is_not_there_or_no_time_is_said_in_a_line(
    explain: Explain, arguments: tuple[str, ...], message: str
) -> None:
    said = explain(*arguments)
    assert message in said
    assert said.endswith("[1]")
