"""Doors, zones, groups, schedules and rules: made, listed, changed at a known revision, deleted."""

from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.access.models import Membership, PolicyRevision
from app.bootstrap import Container
from app.core.db import Base
from tests.api.sites import MADE, make_site
from tests.api.support import made, make_collection, ok, problem, wrong_fields
from tests.api.support import wrong_fields as wrong

pytestmark = pytest.mark.both_databases

HQ = "/collections/hq"
ANY = {"If-Match": "*"}
SHARED = {"collection_id": "hq", "created_at": "2026-05-04T12:00:00Z"}
LOOSE = {"doors": {"zone_id": None}}
ITEMS = {kind: f"{HQ}/{kind}/{new['id']}" for kind, new in MADE.items()}


@pytest.fixture
def client(timed: TestClient) -> TestClient:
    make_collection(timed, "hq")
    return timed


@pytest.fixture
def site(client: TestClient) -> TestClient:
    """A site with one of each."""
    make_site(client, HQ)
    return client


def tag(answer: httpx.Response) -> dict[str, str]:
    return {"If-Match": answer.headers["etag"]}


def test_a_door_has_defaults_that_fit_an_access_control_system(client: TestClient) -> None:
    answer = client.post(f"{HQ}/doors", json={"id": "front"})
    assert made(answer) == {
        **SHARED,
        "id": "front",
        "name": None,
        "zone_id": None,
        "mode": "advise",
        "direction": "in",
        "enabled": True,
        "locked_down": False,
        "ref": {},
        "grant_ttl_ms": 5000,
        "cooldown_ms": 4000,
        "exclusive_ms": 0,
        "frames": {
            "min_used": 3,
            "agree": 0.6,
            "max_age_ms": 2000,
            "min_span_ms": 0,
            "min_face_size": 80,
        },
        "second_face": "ignore",
        "liveness": "off",
        "unknown_after_ms": 3000,
        "block_after": {"spoofs": 5, "window_s": 120, "block_s": 30, "max_block_s": 300},
        "reveal": [],
        "health": {"state": "unknown", "detail": None, "since": None, "reported_at": None},
        "revision": 1,
        "updated_at": "2026-05-04T12:00:00Z",
    }
    assert answer.headers["etag"] == '"1"'


def test_of_settings_within_settings_a_patch_changes_what_it_names(site: TestClient) -> None:
    path = f"{HQ}/doors/front"
    for change, wanted in (
        ({"frames": {"min_used": 1}}, ("frames", "agree", 0.6)),
        ({"frames": {"agree": 1}}, ("frames", "min_used", 1)),
        ({"block_after": {"spoofs": 3}}, ("block_after", "block_s", 30)),
    ):
        changed = ok(site.patch(path, json=change, headers={"If-Match": "*"}))
        setting, name, value = wanted
        assert changed[setting][name] == value


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"frames": {"min_span_ms": 2000}}, "frames.min_span_ms"),
        ({"frames": {"max_age_ms": 500, "min_span_ms": 600}}, "frames.min_span_ms"),
        ({"frames": {"min_used": 9}}, "frames.min_used"),
        ({"frames": {"min_used": 1, "min_span_ms": 100}}, "frames.min_used"),
        ({"frames": {"agree": 0.4}}, "frames.agree"),
        ({"block_after": {"max_block_s": 20}}, "block_after.max_block_s"),
        ({"liveness": "required"}, "liveness"),
        ({"second_face": "allow"}, "second_face"),
    ],
)
def test_settings_that_could_not_be_kept_are_refused(
    site: TestClient, change: dict[str, Any], named: str
) -> None:
    answer = site.patch(f"{HQ}/doors/front", json=change, headers={"If-Match": "*"})
    assert wrong_fields(answer) == [named]


def test_what_was_made_is_read_and_listed(site: TestClient) -> None:
    for place, (kind, new) in enumerate(MADE.items(), 1):
        found = site.get(ITEMS[kind])
        assert ok(found).items() >= {**new, **SHARED, "revision": place}.items()
        assert found.headers["etag"] == f'"{place}"'
        assert ok(site.get(f"{HQ}/{kind}"))["items"] == [ok(found)]


@pytest.mark.parametrize("kind", MADE)
def test_an_id_is_unique_in_its_collection_alone(site: TestClient, kind: str) -> None:
    problem(site.post(f"{HQ}/{kind}", json=MADE[kind]), 409, "already_exists")
    make_collection(site, "annex")
    make_site(site, "/collections/annex")


def test_lists_come_in_pages(client: TestClient) -> None:
    for number in range(5):
        made(client.post(f"{HQ}/zones", json={"id": f"z{number}"}))
    first = ok(client.get(f"{HQ}/zones?limit=3"))
    rest = ok(client.get(f"{HQ}/zones", params={"cursor": first["next_cursor"]}))
    found = [each["id"] for each in [*first["items"], *rest["items"]]]
    assert found == ["z0", "z1", "z2", "z3", "z4"]
    assert rest["next_cursor"] is None


def test_a_change_names_the_revision_that_it_is_meant_for(site: TestClient) -> None:
    door = ITEMS["doors"]
    before = site.get(door)
    problem(site.patch(door, json={"name": "A"}), 428, "precondition_required")
    changed = site.patch(door, json={"name": "A", "zone_id": None}, headers=tag(before))
    assert (ok(changed)["name"], ok(changed)["zone_id"]) == ("A", None)
    assert ok(changed)["mode"] == "decide"
    assert ok(changed)["revision"] == 6
    problem(site.patch(door, json={"name": "B"}, headers=tag(before)), 412, "precondition_failed")
    weak = {"If-Match": f"W/{changed.headers['etag']}"}
    problem(site.patch(door, json={"name": "B"}, headers=weak), 412, "precondition_failed")
    several = {"If-Match": f'"1", {changed.headers["etag"]}'}
    assert ok(site.patch(door, json={"name": "B"}, headers=several))["name"] == "B"
    assert ok(site.patch(door, json={"locked_down": True}, headers=ANY))["locked_down"]
    assert wrong(site.patch(door, json={}, headers={"If-Match": "17"})) == ["If-Match"]


def test_a_deletion_names_its_revision_too(site: TestClient) -> None:
    rule = ITEMS["rules"]
    before = site.get(rule)
    ok(site.patch(rule, json={"name": "new"}, headers=ANY))
    problem(site.delete(rule), 428, "precondition_required")
    problem(site.delete(rule, headers=tag(before)), 412, "precondition_failed")
    assert site.delete(rule, headers=tag(site.get(rule))).status_code == 204
    problem(site.get(rule), 404, "not_found")
    problem(site.delete(rule, headers=ANY), 404, "not_found")


def test_the_tag_of_what_was_deleted_fits_nothing_made_later(site: TestClient) -> None:
    before = site.get(ITEMS["rules"])
    assert site.delete(ITEMS["rules"], headers=ANY).status_code == 204
    made(site.post(f"{HQ}/rules", json=MADE["rules"]))
    problem(site.delete(ITEMS["rules"], headers=tag(before)), 412, "precondition_failed")


@pytest.mark.parametrize("kind", ["zones", "groups", "schedules", "doors"])
def test_what_a_rule_or_door_names_is_not_deleted(site: TestClient, kind: str) -> None:
    problem(site.delete(ITEMS[kind], headers=ANY), 409, "conflict")
    for each in reversed(MADE):
        assert site.delete(ITEMS[each], headers=ANY).status_code == 204


@pytest.mark.parametrize(
    ("kind", "named"),
    [("doors", "zone_id"), ("rules", "group_id"), ("rules", "schedule_id")],
)
def test_what_names_nothing_that_is_there_is_refused_by_field(
    site: TestClient, kind: str, named: str
) -> None:
    refused_by_field(site, kind, {named: "nowhere"}, named)


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("kind", "fields", "named"),
    [
        ("doors", {"mode": "open"}, "mode"),
        ("doors", {"grant_ttl_ms": 499}, "grant_ttl_ms"),
        ("doors", {"grant_ttl_ms": 60_001}, "grant_ttl_ms"),
        ("doors", {"cooldown_ms": -1}, "cooldown_ms"),
        ("doors", {"ref": {"acs": 5}}, "ref.acs"),
        ("doors", {"ref": {f"n{i}": "x" for i in range(33)}}, "ref"),
        ("doors", {"locked_down": None}, "locked_down"),
        ("rules", {"schedule_id": None}, "schedule_id"),
        ("rules", {"door_id": None}, "door_id"),
        ("rules", {"zone_id": "lobby"}, "door_id"),
        ("schedules", {"time_zone": "Europe/Atlantis"}, "time_zone"),
        ("schedules", {"time_zone": "localtime"}, "time_zone"),
        ("schedules", {"week": [{"days": ["mon"], "start": "18:00", "end": "08:00"}]}, "week[0]"),
        ("schedules", {"week": [{"days": ["mon"], "start": "8:00", "end": "9:00"}]},
         "week[0].start"),
        ("schedules", {"week": [{"days": [], "start": "08:00", "end": "09:00"}]}, "week[0].days"),
        ("schedules", {"special_days": [{"first": "2027-02-29"}]}, "special_days[0].first"),
        ("schedules", {"special_days": [{"first": "2027-03-02", "last": "2027-03-01"}]},
         "special_days[0]"),
        ("schedules", {"week_icalendar": "BEGIN:VTODO"}, "week_icalendar"),
        ("schedules", {"special_days_icalendar": ""}, "special_days_icalendar"),
        ("schedules", {"week": [], "week_icalendar": "x"}, "body"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_field(
    site: TestClient, kind: str, fields: dict[str, Any], named: str
) -> None:
    refused_by_field(site, kind, fields, named)


def refused_by_field(site: TestClient, kind: str, fields: dict[str, Any], named: str) -> None:
    before = ok(site.get(ITEMS[kind]))
    assert wrong(site.patch(ITEMS[kind], json=fields, headers=ANY))[0] == named
    new = {**MADE[kind], "id": "other", **fields}
    if "week_icalendar" in fields and named != "body":
        del new["week"]
    assert wrong(site.post(f"{HQ}/{kind}", json=new))[0] == named
    assert ok(site.get(ITEMS[kind])) == before


def test_a_rule_moves_from_its_door_to_a_zone(site: TestClient) -> None:
    both = {"door_id": None, "zone_id": "lobby"}
    assert ok(site.patch(ITEMS["rules"], json=both, headers=ANY)).items() >= both.items()


@pytest.mark.parametrize("kind", MADE)
def test_a_repeated_answer_has_the_tag_of_the_row_as_it_is(site: TestClient, kind: str) -> None:
    once = {"Idempotency-Key": "once"}
    first = site.post(f"{HQ}/{kind}", json={**MADE[kind], "id": "second"}, headers=once)
    changed = site.patch(f"{HQ}/{kind}/second", json={"name": "New"}, headers=tag(first))
    again = site.post(f"{HQ}/{kind}", json={**MADE[kind], "id": "second"}, headers=once)
    assert again.headers["idempotent-replayed"] == "true"
    assert tag(again) == tag(changed) != tag(first)


def test_a_schedule_is_read_from_icalendar(client: TestClient) -> None:
    event = "DTSTART:19700105T080000\nDTEND:19700105T180000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU\n"
    days = "DTSTART;VALUE=DATE:20271224\nDTEND;VALUE=DATE:20271227\n"
    wrap = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}END:VEVENT\nEND:VCALENDAR\n"
    body = {
        "time_zone": "Europe/Berlin",
        "week_icalendar": wrap.format(event),
        "special_days_icalendar": wrap.format(days),
    }
    found = made(client.post(f"{HQ}/schedules", json=body))
    assert found["week"] == [{"days": ["mon", "tue"], "start": "08:00", "end": "18:00"}]
    assert found["special_days"] == [
        {"name": None, "first": "2027-12-24", "last": "2027-12-26", "hours": []}
    ]
    path, easter = f"{HQ}/schedules/{found['id']}", days.replace("202712", "202703")
    more = {"special_days_icalendar": wrap.format(easter)}
    for _ in range(2):  # the same calendar again adds nothing
        changed = ok(client.patch(path, json=more, headers=ANY))
        assert [each["first"] for each in changed["special_days"]] == ["2027-12-24", "2027-03-24"]
    odd = {"week_icalendar": wrap.format(event.replace("WEEKLY", "DAILY"))}
    answer = client.patch(f"{HQ}/schedules/{found['id']}", json=odd, headers=ANY)
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["message"] == "line 5: RRULE: only FREQ=WEEKLY is read"


def test_calendars_are_held_to_the_length_of_lists(site: TestClient) -> None:
    event = "BEGIN:VEVENT\nDTSTART:{}\nEND:VEVENT\n"
    hours = event.format("19700105T080000\nDTEND:19700105T180000\nRRULE:FREQ=WEEKLY")
    day = event.format("20271224")
    wrap = "BEGIN:VCALENDAR\n{}END:VCALENDAR\n"
    days = [{"first": f"2027-{each // 28 + 1:02}-{each % 28 + 1:02}"} for each in range(300)]
    for fields, field in (
        ({"week_icalendar": wrap.format(hours * 169)}, "week_icalendar"),
        (
            {"special_days": days, "special_days_icalendar": wrap.format(day * 101)},
            "special_days_icalendar",
        ),
    ):
        assert wrong(site.patch(ITEMS["schedules"], json=fields, headers=ANY)) == [field]
    fits = {"week_icalendar": wrap.format(hours * 168)}
    assert len(ok(site.patch(ITEMS["schedules"], json=fits, headers=ANY))["week"]) == 168


def test_members_come_and_go(site: TestClient) -> None:
    made(site.post(f"{HQ}/persons", json={"id": "ada"}))
    members = f"{HQ}/groups/staff/members"
    window = {"valid_from": "2026-05-04T12:00:00Z", "valid_until": "2026-05-05T12:00:00Z"}
    ada = {"group_id": "staff", "person_id": "ada", **window}
    assert ok(site.put(f"{members}/ada", json=window)) == ada
    assert ok(site.get(members)) == {"items": [ada], "next_cursor": None}
    forever = ok(site.put(f"{members}/ada", json={}))
    assert (forever["valid_from"], forever["valid_until"]) == (None, None)
    upside_down = {"valid_from": window["valid_until"], "valid_until": window["valid_from"]}
    assert wrong(site.put(f"{members}/ada", json=upside_down)) == ["body"]
    problem(site.put(f"{members}/nobody", json={}), 404, "not_found")
    assert site.delete(f"{members}/ada").status_code == 204
    problem(site.delete(f"{members}/ada"), 404, "not_found")
    assert ok(site.get(members))["items"] == []


def test_a_person_is_suspended_and_let_in_again(client: TestClient) -> None:
    ada = f"{HQ}/persons/ada"
    assert made(client.post(f"{HQ}/persons", json={"id": "ada"}))["person"]["suspended"] is False
    assert ok(client.patch(ada, json={"suspended": True}))["suspended"] is True
    assert ok(client.get(ada))["suspended"] is True
    assert wrong(client.patch(ada, json={"suspended": None})) == ["suspended"]
    assert ok(client.patch(ada, json={"suspended": False}))["suspended"] is False


def test_every_change_of_the_policy_raises_its_revision(
    site: TestClient, container: Container
) -> None:
    def now() -> int:
        with container.database.read() as session:
            return session.scalars(select(PolicyRevision.revision)).one()

    assert now() == 5
    made(site.post(f"{HQ}/persons", json={"id": "ada"}))
    assert now() == 5
    ok(site.put(f"{HQ}/groups/staff/members/ada", json={}))
    ok(site.patch(ITEMS["zones"], json={"locked_down": True}, headers=ANY))
    assert site.delete(ITEMS["rules"], headers=ANY).status_code == 204
    problem(site.patch(ITEMS["zones"], json={}, headers={"If-Match": '"1"'}), 412,
            "precondition_failed")  # fmt: skip
    assert now() == 8


@pytest.mark.parametrize("kind", MADE)
def test_a_creation_sent_again_is_done_once(site: TestClient, kind: str) -> None:
    once = {"Idempotency-Key": "once"}
    new = {name: value for name, value in MADE[kind].items() if name != "id"}
    first = made(site.post(f"{HQ}/{kind}", json=new, headers=once))
    again = site.post(f"{HQ}/{kind}", json=new, headers=once)
    assert made(again) == first
    assert again.headers["Idempotent-Replayed"] == "true"
    renamed = ok(site.patch(f"{HQ}/{kind}/{first['id']}", json={"name": "N"}, headers=ANY))
    assert made(site.post(f"{HQ}/{kind}", json=new, headers=once)) == renamed
    assert site.delete(f"{HQ}/{kind}/{first['id']}", headers=ANY).status_code == 204
    assert made(site.post(f"{HQ}/{kind}", json=new, headers=once))["id"] != first["id"]


def rows(container: Container, *, of: list[str]) -> dict[str, int]:
    with container.database.read() as session:
        tables = Base.metadata.tables
        counts = {name: select(func.count()).select_from(tables[name]) for name in of}
        return {name: session.scalar(query) or 0 for name, query in counts.items()}


@pytest.mark.parametrize("kind", ["zones", "doors", "groups", "schedules"])
def test_a_collection_with_doors_is_deleted_by_force_alone(client: TestClient, kind: str) -> None:
    made(client.post(f"{HQ}/{kind}", json={**MADE[kind], **LOOSE.get(kind, {})}))
    assert "force=true" in problem(client.delete(HQ), 409, "conflict")["detail"]
    assert client.delete(ITEMS[kind], headers=ANY).status_code == 204
    assert client.delete(HQ).status_code == 204


def test_nothing_is_left_of_a_deleted_collection_or_person(
    site: TestClient, container: Container
) -> None:
    made(site.post(f"{HQ}/persons", json={"id": "ada"}))
    ok(site.put(f"{HQ}/groups/staff/members/ada", json={}))
    made(site.post(f"{HQ}/doors", json={}, headers={"Idempotency-Key": "once"}))
    assert rows(container, of=["memberships", "idempotency_receipts"]) == {
        "memberships": 1,
        "idempotency_receipts": 1,
    }
    assert site.delete(f"{HQ}/persons/ada").status_code == 204
    assert rows(container, of=[Membership.__tablename__]) == {"memberships": 0}
    assert site.delete(f"{HQ}?force=true").status_code == 204
    theirs = [*MADE, "memberships", "policy_revisions", "idempotency_receipts"]
    assert set(rows(container, of=theirs).values()) == {0}
