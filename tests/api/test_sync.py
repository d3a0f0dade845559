"""``POST /sync``: the people of another system, all or nothing."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.settings import Settings
from tests.api.sites import make_site
from tests.api.support import enrol, identify, made, make_collection, ok, problem
from tests.support.client import client_of
from tests.support.pictures import picture

STAFF: Final = "/collections/staff"
PEOPLE: Final = f"{STAFF}/persons"
SECRET: Final = "MARK-0815"
NDJSON: Final = {"Content-Type": "application/x-ndjson"}
Line = dict[str, Any]

pytestmark = pytest.mark.both_databases


@pytest.fixture
def service(settings: Settings) -> Container:
    return build(settings.model_copy(update={"sync_lines": 500}))


@pytest.fixture
def client(service: Container) -> Iterator[TestClient]:
    with client_of(service) as client:
        make_site(client, make_collection(client))
        yield client


def ndjson(lines: Sequence[Line | str]) -> bytes:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    return "\n".join(texts).encode() + b"\n"


def send(client: TestClient, lines: Sequence[Line | str], **query: object) -> httpx.Response:
    texts = {name: str(value).lower() for name, value in query.items()}
    answer: httpx.Response = client.post(
        f"{STAFF}/sync", content=ndjson(lines), headers=NDJSON, params=texts
    )
    return answer


def sync(client: TestClient, lines: Sequence[Line | str], **query: object) -> dict[str, Any]:
    return ok(send(client, lines, **query))


def card(value: str = SECRET) -> Line:
    return {"system": "acs", "type": "card", "value": value}


def numbered(count: int, first: int = 0) -> list[Line]:
    return [{"external_id": f"x{n}", "name": f"N{n}"} for n in range(first, first + count)]


def people(client: TestClient) -> dict[str, dict[str, Any]]:
    """Everybody with an external id, by it, without the times of changes."""
    items = ok(client.get(PEOPLE, params={"limit": "1000"}))["items"]
    for each in items:
        del each["updated_at"]
    return {each["external_id"]: each for each in items if each["external_id"]}


def named(answer: dict[str, Any], kind: str) -> list[str]:
    return [each["external_id"] for each in answer[kind]]


def counts(answer: dict[str, Any]) -> dict[str, int]:
    """The counts that are not 0."""
    return {name: count for name, count in answer["counts"].items() if count}


def revision(client: TestClient) -> int:
    return int(ok(client.get(STAFF))["revision"])


def members(client: TestClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(client.get(f"{STAFF}/groups/staff/members"))["items"]
    return items


FULL: Final[Line] = {
    "external_id": "a/1",
    "name": "Ada",
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2027-01-01T00:00:00+01:00",
    "groups": ["staff"],
    "credentials": [card()],
}


def test_people_are_made_changed_and_left_alone_at_one_revision(client: TestClient) -> None:
    before = revision(client)
    answer = sync(client, [FULL, {"external_id": "b"}])
    assert counts(answer) == {"lines": 2, "created": 2}
    assert answer["revision"] == revision(client) == before + 1
    there = people(client)
    assert {each["external_id"]: each["person_id"] for each in answer["created"]} == {
        name: each["id"] for name, each in there.items()
    }
    ada = there["a/1"]
    assert ada["valid_until"] == "2026-12-31T23:00:00Z"
    assert ada["credentials"] == [{"system": "acs", "type": "card", "format": None}]
    assert [each["person_id"] for each in members(client)] == [ada["id"]]
    again = sync(client, [FULL, {"external_id": "b"}])
    assert counts(again) == {"lines": 2, "unchanged": 2}
    assert again["revision"] == before + 1
    ends = "2026-06-01T00:00:00Z"
    changed = {**FULL, "name": None, "groups": [{"id": "staff", "valid_until": ends}]}
    answer = sync(client, [changed, {"external_id": "b", "valid_from": None}])
    assert counts(answer) == {"lines": 2, "changed": 1, "unchanged": 1}
    assert answer["changed"] == [
        {"external_id": "a/1", "person_id": ada["id"], "fields": ["name", "groups"]}
    ]
    assert (people(client)["a/1"]["name"], members(client)[0]["valid_until"]) == (None, ends)
    assert sync(client, [{"external_id": "a/1"}])["counts"]["unchanged"] == 1
    bare: Line = {"external_id": "a/1", "groups": None, "credentials": []}
    assert sync(client, [bare])["changed"][0]["fields"] == ["groups", "credentials"]
    assert (members(client), people(client)["a/1"]["credentials"]) == ([], [])


def test_a_dry_run_says_the_same_and_changes_nothing(client: TestClient) -> None:
    sync(client, [FULL, *numbered(9)])
    before = people(client), revision(client)
    lines = [{**FULL, "name": "Eve"}, *numbered(8, first=1), {"external_id": "new"}]
    planned = sync(client, lines, dry_run=True, missing="suspend")
    assert (people(client), revision(client)) == before
    done = sync(client, lines, missing="suspend")
    assert (planned["dry_run"], done["dry_run"]) == (True, False)
    assert planned["counts"] == done["counts"]
    assert planned["created"] == [{"external_id": "new", "person_id": None}]
    for kind in ("changed", "suspended", "unsuspended"):
        assert planned[kind] == done[kind]
    assert counts(done) == {
        "lines": 10,
        "created": 1,
        "changed": 1,
        "unchanged": 8,
        "suspended": 1,
        "missing": 1,
    }


def test_whom_the_file_leaves_out_is_suspended_and_comes_back(client: TestClient) -> None:
    sync(client, numbered(10))
    made(client.post(PEOPLE, json={"id": "by-hand"}))
    kept = sync(client, numbered(9))
    assert counts(kept) == {"lines": 9, "unchanged": 9, "missing": 1}
    assert named(sync(client, numbered(9), missing="suspend"), "suspended") == ["x9"]
    gone = people(client)["x9"]
    assert (gone["suspended"], gone["suspended_by_sync"]) == (True, True)
    assert ok(client.get(f"{PEOPLE}/by-hand"))["suspended"] is False
    again = sync(client, numbered(9), missing="suspend")
    assert counts(again) == {"lines": 9, "unchanged": 9, "missing": 1}
    back = sync(client, numbered(10))
    assert named(back, "unsuspended") == ["x9"]
    assert counts(back) == {"lines": 10, "unchanged": 9, "unsuspended": 1}
    assert people(client)["x9"]["suspended_by_sync"] is False


@pytest.mark.parametrize("first", ["hand", "sync"])
def test_whom_a_person_suspended_no_sync_lets_in(client: TestClient, first: str) -> None:
    sync(client, numbered(10))
    bad = people(client)["x9"]["id"]
    if first == "sync":  # and then by hand as well
        sync(client, numbered(9), missing="suspend")
    ok(client.patch(f"{PEOPLE}/{bad}", json={"suspended": True}))
    for lines in (numbered(9), numbered(10)):
        assert not sync(client, lines, missing="suspend")["unsuspended"]
        person = people(client)["x9"]
        assert (person["suspended"], person["suspended_by_sync"]) == (True, False)
    ok(client.patch(f"{PEOPLE}/{bad}", json={"suspended": False}))
    assert named(sync(client, numbered(9), missing="suspend"), "suspended") == ["x9"]


def test_a_file_that_lacks_too_many_changes_nothing(client: TestClient) -> None:
    sync(client, numbered(10))
    lines = [*numbered(7), {"external_id": "new"}]
    detail = problem(send(client, lines, missing="suspend"), 409, "conflict")["detail"]
    assert "3 of 10 people (30%)" in detail
    assert "max_change=0.3" in detail
    assert len(people(client)) == 10
    dry = sync(client, lines, missing="suspend", dry_run=True)
    assert (dry["refusal"], dry["counts"]["suspended"]) == (detail, 3)
    assert counts(sync(client, lines, missing="suspend", max_change=0.3))["suspended"] == 3
    assert send(client, numbered(1, first=50), missing="suspend").status_code == 409
    assert sync(client, numbered(1, first=50), missing="suspend", max_change=1)["counts"] == {
        "lines": 1,
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "suspended": 8,
        "unsuspended": 0,
        "missing": 11,
    }


@pytest.mark.parametrize("body", [b"", b"\n", b"  \n\r\n\n"])
def test_an_empty_file_suspends_nobody(client: TestClient, body: bytes) -> None:
    sync(client, numbered(3))
    query = {"missing": "suspend", "max_change": "1"}
    answer = client.post(f"{STAFF}/sync", content=body, headers=NDJSON, params=query)
    assert "empty" in problem(answer, 422, "invalid_request")["detail"]
    assert not any(each["suspended"] for each in people(client).values())


WRONG: Final[list[tuple[Line | str, str]]] = [
    ({"name": "Ada"}, "line 2: external_id"),
    ({"external_id": "x", "nme": "y"}, "line 2: nme"),
    ({"external_id": "x", "valid_from": "tomorrow"}, "line 2: valid_from"),
    ({"external_id": "x", "groups": ["nobody"]}, "line 2: groups[0]"),
    ({"external_id": "x", "groups": ["staff", {"id": "staff"}]}, "line 2: body"),
    (
        {"external_id": "x", "credentials": [card() | {"type": "pin"}]},
        "line 2: credentials[0].type",
    ),
    ({"external_id": "x", "credentials": [card("C")]}, "line 2: credentials[0]"),
    ({"external_id": "x", "credentials": [card("HELD")]}, "line 2: credentials[0]"),
    ({"external_id": "first"}, "line 2: external_id"),
    (f'{{"external_id": "x", "name": {SECRET}', "line 2"),
    ('["x"]', "line 2"),
    ({"external_id": "late", "valid_until": "2026-01-01T00:00:00Z"}, "line 2"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_a_wrong_line_is_named_and_nothing_is_done(
    client: TestClient, wrong: Line | str, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    late = {"external_id": "late", "valid_from": "2027-01-01T00:00:00Z"}
    made(client.post(PEOPLE, json={"id": "bob", "credentials": [card("HELD")]}))
    sync(client, [late])
    first = {"external_id": "first", "credentials": [card("C")]}
    answer = send(client, [first, wrong, numbered(1)[0]], missing="suspend")
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["field"] == field
    assert SECRET not in answer.text + capsys.readouterr().err
    assert set(people(client)) == {"late"}


def test_many_wrong_lines_are_named_up_to_twenty(client: TestClient) -> None:
    body = problem(send(client, ["{", *["{}"] * 4, "7"]), 422, "invalid_request")
    assert [each["field"] for each in body["errors"]] == [
        "line 1",
        *(f"line {n}: external_id" for n in range(2, 6)),
        "line 6",
    ]
    body = problem(send(client, ["{}"] * 300), 422, "invalid_request")
    assert len(body["errors"]) == 20
    assert "and maybe more" in body["detail"]


def test_a_file_has_bounds(client: TestClient) -> None:
    problem(send(client, numbered(501)), 413, "payload_too_large")
    long = {"external_id": "x", "name": "n" * 70_000}
    assert "Line 1" in problem(send(client, [long]), 422, "invalid_request")["detail"]
    answer = client.post(f"{STAFF}/sync", json={"external_id": "x"})
    assert "x-ndjson" in problem(answer, 415, "unsupported_media_type")["detail"]
    assert people(client) == {}
    assert counts(sync(client, numbered(500))) == {"lines": 500, "created": 500}


def test_cards_are_exchanged_and_go_on_from_who_left(
    client: TestClient, service: Container
) -> None:
    def with_card(name: str, value: str) -> Line:
        return {"external_id": name, "credentials": [card(value)]}

    six = [with_card(f"x{n}", f"C{n}") for n in range(6)]
    sync(client, six)
    swapped = [with_card("x0", "C1"), with_card("x1", "C0"), *six[2:]]
    assert named(sync(client, swapped), "changed") == ["x0", "x1"]
    lines = [*swapped[:5], with_card("new", "C5")]
    problem(send(client, lines), 422, "invalid_request")  # x5 is kept, with the card
    answer = sync(client, lines, missing="suspend")
    assert (named(answer, "created"), named(answer, "suspended")) == (["new"], ["x5"])
    there = people(client)
    assert (len(there["new"]["credentials"]), there["x5"]["credentials"]) == (1, [])
    assert SECRET not in json.dumps(answer)


def test_a_repeated_creation_shows_the_person_as_synced(client: TestClient) -> None:
    once = {"Idempotency-Key": "k"}
    new = {"id": "ada", "external_id": "a", "name": "Ada", "credentials": [card()]}
    made(client.post(PEOPLE, json=new, headers=once))
    sync(client, [{"external_id": "a", "name": "Eve"}])
    again = client.post(PEOPLE, json=new, headers=once)
    assert made(again)["person"] == ok(client.get(f"{PEOPLE}/ada"))
    assert (again.json()["person"]["name"], SECRET in again.text) == ("Eve", False)


def test_people_with_faces_are_found_under_their_new_names(client: TestClient) -> None:
    enrol(client, STAFF, "ada", picture(1), external_id="a", name="Ada")
    sync(client, [{"external_id": "a", "name": "Eve"}])
    (face,) = identify(client, STAFF, 1)["faces"]
    assert face["candidates"][0]["name"] == "Eve"
