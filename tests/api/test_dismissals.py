"""Two persons who look alike and are two people: an operator says so, and the report follows."""

import datetime as dt
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import Container
from app.gallery import kept_reports
from app.gallery.models import Dismissal
from tests.api.support import (
    FakeClock,
    enrol,
    files,
    identify,
    made,
    make_collection,
    ok,
    only_face,
    problem,
    wrong_fields,
)
from tests.api.test_audit import audit
from tests.api.test_contract_keys import as_key
from tests.api.test_contract_lookalikes import like, pairs
from tests.api.test_events import events
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

CROWD = "/collections/crowd"
TWINS = {"p1", "twin"}
Items = list[dict[str, Any]]


@pytest.fixture
def crowd(timed: TestClient) -> TestClient:
    """Eight strangers, the twin of the first, and the sister of the second."""
    make_collection(timed, "crowd", target_fpir=0.01, unlike="off")
    for i in range(1, 9):
        enrol(timed, CROWD, f"p{i}", picture(i))
    enrol(timed, CROWD, "twin", picture(1, 5))
    enrol(timed, CROWD, "sister", like(2, 50))
    return timed


def of(one: str, other: str) -> str:
    return f"{CROWD}/lookalikes/{one}/{other}/dismissal"


def listed(client: TestClient, **query: object) -> list[set[str]]:
    return [persons for persons, _ in pairs(client, CROWD, **query)]


def dismissed(client: TestClient) -> list[set[str]]:
    return listed(client, dismissed="true")


def rows(container: Container) -> int:
    with container.database.read() as session:
        return len(session.scalars(select(Dismissal)).all())


def test_a_dismissed_pair_is_listed_apart_until_that_is_taken_back(crowd: TestClient) -> None:
    assert listed(crowd) == [TWINS, {"p2", "sister"}]
    said = ok(crowd.put(of("twin", "p1")))
    assert said == {"key_id": "operator", "created_at": "2026-05-04T12:00:00Z"}
    assert listed(crowd) == [{"p2", "sister"}]
    (shown,) = ok(crowd.get(f"{CROWD}/lookalikes?dismissed=true"))["items"]
    assert {each["person_id"] for each in shown["persons"]} == TWINS
    assert (shown["kind"], shown["dismissal"]) == ("lookalike", said)
    (other,) = ok(crowd.get(f"{CROWD}/lookalikes"))["items"]
    assert other["dismissal"] is None
    answer = crowd.delete(of("p1", "twin"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (listed(crowd), dismissed(crowd)) == ([TWINS, {"p2", "sister"}], [])


def test_it_stays_dismissed_when_the_report_is_made_again(crowd: TestClient) -> None:
    ok(crowd.put(of("p1", "twin")))
    enrol(crowd, CROWD, "alias", picture(3, 5))
    assert listed(crowd) == [{"p3", "alias"}, {"p2", "sister"}]
    ok(crowd.patch(CROWD, json={"target_fpir": 0.02}))
    assert TWINS not in listed(crowd)
    assert dismissed(crowd) == [TWINS]


def test_pages_have_their_length_without_dismissed_pairs(
    crowd: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_reports, "CHANGED_SHARE", 1.0)
    for i in (3, 4, 5):
        enrol(crowd, CROWD, f"alias-{i}", picture(i, 5))
    everybody = listed(crowd)
    assert len(everybody) == 5
    for one, other in (sorted(each) for each in everybody[1:3]):
        ok(crowd.put(of(one, other)))
    first = ok(crowd.get(f"{CROWD}/lookalikes", params={"limit": 2}))
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = ok(crowd.get(f"{CROWD}/lookalikes", params=query))
    seen = [{each["person_id"] for each in item["persons"]} for item in first["items"]]
    seen += [{each["person_id"] for each in item["persons"]} for item in second["items"]]
    assert (seen, second["next_cursor"]) == ([everybody[0], *everybody[3:]], None)
    assert dismissed(crowd) == everybody[1:3]


def test_who_said_it_first_stays_and_a_second_time_writes_nothing(
    crowd: TestClient, clock: FakeClock
) -> None:
    first = ok(crowd.put(of("p1", "twin")))
    clock.forward(dt.timedelta(hours=1))
    before = audit(crowd)
    desk = as_key(crowd, scopes=["enroll"])
    assert ok(crowd.put(of("twin", "p1"), headers=desk)) == first
    assert crowd.delete(of("p2", "sister")).status_code == 404
    new = audit(crowd)[len(before) :]
    assert [row["action"] for row in new] == ["key.created"]
    assert crowd.delete(of("p1", "twin")).status_code == 204
    again = ok(crowd.put(of("p1", "twin"), headers=desk))
    assert again["created_at"] == "2026-05-04T13:00:00Z"
    assert again["key_id"] not in (None, "operator")


def test_the_audit_has_both_words_and_no_event_is_made_of_them(crowd: TestClient) -> None:
    before = len(events(crowd))
    ok(crowd.put(of("twin", "p1")))
    assert crowd.delete(of("p1", "twin")).status_code == 204
    said = [(row["action"], row["object"], row["details"]) for row in audit(crowd)[-2:]]
    assert said == [
        ("lookalikes.dismissed", {"kind": "person", "id": "twin"}, {"other": "p1"}),
        ("lookalikes.restored", {"kind": "person", "id": "p1"}, {"other": "twin"}),
    ]
    assert len(events(crowd)) == before


def test_it_changes_no_decision_no_revision_and_no_warning(crowd: TestClient) -> None:
    before = ok(crowd.get(CROWD)), only_face(identify(crowd, CROWD, 1))
    ok(crowd.put(of("p1", "twin")))
    assert (ok(crowd.get(CROWD)), only_face(identify(crowd, CROWD, 1))) == before
    answer = crowd.post(f"{CROWD}/persons/twin/faces", files=files(picture(1, 6)))
    assert [each["person_id"] for each in made(answer)["warnings"]] == ["p1"]


@pytest.mark.parametrize("who", sorted(TWINS))
def test_it_goes_with_either_of_the_two(crowd: TestClient, container: Container, who: str) -> None:
    ok(crowd.put(of("p1", "twin")))
    ok(crowd.put(of("p2", "sister")))
    assert crowd.delete(f"{CROWD}/persons/{who}").status_code == 204
    assert rows(container) == 1
    enrol(crowd, CROWD, who, picture(1, 5))
    assert listed(crowd) == [TWINS]
    assert crowd.delete(f"{CROWD}?force=true").status_code == 204
    assert rows(container) == 0


@pytest.mark.parametrize("who", sorted(TWINS))
@pytest.mark.parametrize("order", ["new first", "old first"])
def test_it_goes_when_all_faces_were_replaced(
    crowd: TestClient, container: Container, who: str, order: str
) -> None:
    """Whether the last of the old ones goes before the first new one comes, or after it."""
    faces = f"{CROWD}/persons/{who}/faces"
    made(crowd.post(faces, files=files(picture(1, 6))))
    ok(crowd.put(of("p1", "twin")))
    old = [each["id"] for each in ok(crowd.get(faces))["items"]]
    if order == "new first":
        made(crowd.post(faces, files=files(picture(1, 7))))
    assert crowd.delete(f"{faces}/{old[0]}").status_code == 204
    assert (dismissed(crowd), rows(container)) == ([TWINS], 1)
    assert crowd.delete(f"{faces}/{old[1]}").status_code == 204
    assert rows(container) == 0
    if order == "old first":
        made(crowd.post(faces, files=files(picture(1, 7))))
    assert TWINS in listed(crowd)


def test_odd_requests_are_refused_with_the_reason(crowd: TestClient, container: Container) -> None:
    assert wrong_fields(crowd.put(of("p1", "p1"))) == ["other_id"]
    assert wrong_fields(crowd.delete(of("p1", "p1"))) == ["other_id"]
    assert wrong_fields(crowd.put(of("p1", "-"))) == ["other_id"]
    make_collection(crowd, "lab")
    enrol(crowd, "/collections/lab", "eve", picture(9))
    for one, other in (("p1", "nobody"), ("nobody", "p1"), ("p1", "eve")):
        problem(crowd.put(of(one, other)), 404, "not_found")
        problem(crowd.delete(of(one, other)), 404, "not_found")
    nowhere = "/collections/nowhere/lookalikes/p1/twin/dismissal"
    problem(crowd.put(nowhere), 404, "not_found")
    made(crowd.post(f"{CROWD}/persons", json={"id": "faceless"}))
    for one, other in (("p1", "faceless"), ("faceless", "p1")):
        said = problem(crowd.put(of(one, other)), 409, "conflict")
        assert "'faceless' has no face" in said["detail"]
    assert wrong_fields(crowd.get(f"{CROWD}/lookalikes?dismissed=yes")) == ["dismissed"]
    assert rows(container) == 0


def test_a_bound_key_says_it_of_its_own_people_alone(crowd: TestClient) -> None:
    make_collection(crowd, "lab")
    for scopes in (["enroll"], ["admin"]):
        theirs = as_key(crowd, scopes=scopes, collections=["lab"])
        problem(crowd.put(of("p1", "twin"), headers=theirs), 403, "forbidden")
        own = as_key(crowd, scopes=scopes, collections=["crowd"])
        ok(crowd.put(of("p1", "twin"), headers=own))
        assert crowd.delete(of("p1", "twin"), headers=own).status_code == 204
