"""Two persons who are one are merged: the faces move, and nobody is the other any more."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.bootstrap import Container
from app.gallery.models import Credential, Crop, Dismissal, Face, Person
from app.receipts.models import Receipt
from tests.api.support import (
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
from tests.api.test_contract_lookalikes import pairs
from tests.api.test_events import events
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

STAFF = "/collections/staff"
PEOPLE = f"{STAFF}/persons"
CARD = {"system": "acs", "type": "card", "value": "4711"}
MAIL = {"system": "2n", "type": "email", "value": "ada@example.com"}


@pytest.fixture
def client(timed: TestClient) -> TestClient:
    """Ada, who is enrolled a second time as ``alias``, and some strangers."""
    make_collection(timed, lookalikes="off", target_fpir=0.01)
    for i in range(2, 9):
        enrol(timed, STAFF, f"p{i}", picture(i))
    enrol(timed, STAFF, "ada", picture(1), picture(1, 1), name="Ada")
    enrol(timed, STAFF, "alias", picture(1, 2), picture(1, 3), name="A. Lias")
    return timed


def merge(client: TestClient, kept: str, other: str, **fields: object) -> httpx.Response:
    headers: dict[str, str] = fields.pop("headers", {})  # type: ignore[assignment]
    answer: httpx.Response = client.post(
        f"{PEOPLE}/{kept}/merge", json={"other_id": other, **fields}, headers=headers
    )
    return answer


def numbers(client: TestClient, person: str) -> list[int]:
    return [each["id"] for each in ok(client.get(f"{PEOPLE}/{person}/faces"))["items"]]


def refused(client: TestClient, answer: httpx.Response, field: str) -> str:
    """The reason of a merge that was refused and did nothing."""
    (error,) = problem(answer, 409, "conflict")["errors"]
    assert error["field"] == field
    assert ok(client.get(f"{PEOPLE}/alias"))["id"] == "alias"
    message: str = error["message"]
    return message


def test_the_faces_move_and_nobody_is_the_other_any_more(client: TestClient) -> None:
    before = ok(client.get(f"{PEOPLE}/ada"))
    own, theirs = numbers(client, "ada"), numbers(client, "alias")
    assert pairs(client, STAFF) == [({"ada", "alias"}, "lookalike")]
    answer = ok(merge(client, "ada", "alias"))
    assert answer == {
        "person": before | {"face_count": 4},
        "faces_moved": 2,
        "faces_left_out": 0,
    }
    face = only_face(identify(client, STAFF, 1))
    assert face["person_id"] == "ada"
    assert "alias" not in [each["person_id"] for each in face["candidates"]]
    assert ok(client.get(f"{PEOPLE}/ada")) == answer["person"]
    assert numbers(client, "ada") == own + theirs
    problem(client.get(f"{PEOPLE}/alias"), 404, "not_found")
    assert pairs(client, STAFF) == []
    assert ok(client.get(STAFF))["person_count"] == 8


def test_the_faces_of_the_other_speak_for_the_person_who_stays(client: TestClient) -> None:
    """Also where they are unlike: the operator says that they are one, and nothing is compared."""

    def similarity() -> float:
        image = files(picture(2, 9), field="image")
        return float(ok(client.post(f"{PEOPLE}/ada/verify", files=image))["similarity"])

    before = similarity()
    ok(merge(client, "ada", "p2"))
    assert similarity() > before + 0.3
    image = files(picture(2, 9), field="image")
    problem(client.post(f"{PEOPLE}/p2/verify", files=image), 404, "not_found")
    odd = ok(client.get(f"{STAFF}/odd-faces"))["items"]
    assert {each["person"]["person_id"] for each in odd} == {"ada"}


def test_groups_validity_and_name_are_those_of_the_person_who_stays(client: TestClient) -> None:
    for group in ("day", "night"):
        made(client.post(f"{STAFF}/groups", json={"id": group}))
    ok(client.put(f"{STAFF}/groups/day/members/ada", json={}))
    ok(client.put(f"{STAFF}/groups/night/members/alias", json={}))
    until = {"valid_until": "2099-01-01T00:00:00Z"}
    ok(client.patch(f"{PEOPLE}/ada", json=until))
    ok(client.patch(f"{PEOPLE}/alias", json={"metadata": {"a": 1}}))
    ok(client.patch(f"{PEOPLE}/ada", json={"suspended": True}))
    person = ok(merge(client, "ada", "alias"))["person"]
    kept = {"name": "Ada", **until, "suspended": True, "metadata": {}}
    assert kept.items() <= person.items()
    members = [
        ok(client.get(f"{STAFF}/groups/{each}/members"))["items"] for each in ("day", "night")
    ]
    assert [len(each) for each in members] == [1, 0]


def test_an_image_that_both_have_stays_once(client: TestClient) -> None:
    made(client.post(f"{PEOPLE}/alias/faces", files=files(picture(1, 1))))
    answer = ok(merge(client, "ada", "alias"))
    assert (answer["faces_moved"], answer["faces_left_out"]) == (2, 1)
    assert answer["person"]["face_count"] == 4


def test_more_faces_than_a_person_may_have_are_refused_or_the_best_are_kept(
    client: TestClient, container: Container
) -> None:
    ok(client.patch(STAFF, json={"max_faces_per_person": 3}))
    said = refused(client, merge(client, "ada", "alias"), "faces")
    assert "4 faces together" in said
    assert "`best`" in said
    own, theirs = numbers(client, "ada"), numbers(client, "alias")
    scores = {own[0]: 0.4, own[1]: 0.9, theirs[0]: 0.8, theirs[1]: 0.7}
    with container.database.write() as session:
        for number, score in scores.items():
            one = update(Face).where(Face.number == number)
            session.execute(one.values(quality={"score": score}))
    once = {"Idempotency-Key": "faces"}
    answer = merge(client, "ada", "alias", faces="best", headers=once)
    assert (ok(answer)["faces_moved"], ok(answer)["faces_left_out"]) == (2, 1)
    assert numbers_of(container, "ada") == [own[1], *theirs]
    face = only_face(identify(client, STAFF, 1))
    assert face["person_id"] == "ada"
    assert own[0] not in [each["face_id"] for each in face["candidates"]]


def numbers_of(container: Container, person: str) -> list[int]:
    query = select(Face.number).join(Person, Person.key == Face.person_key)
    with container.database.read() as session:
        return list(session.scalars(query.where(Person.id == person).order_by(Face.number)))


def test_crops_and_templates_of_other_models_move_with_their_faces(
    client: TestClient, container: Container
) -> None:
    ok(client.patch(STAFF, json={"keep_crops": True}))
    (face,) = made(client.post(f"{PEOPLE}/alias/faces", files=files(picture(1, 4))))["faces"]
    ok(merge(client, "ada", "alias"))
    with container.database.read() as session:
        query = select(Face.number).join(Crop, Crop.face_id == Face.id)
        assert session.scalars(query).all() == [face["id"]]


def test_what_other_systems_know_the_other_by_is_lost_or_moved_as_the_client_says(
    client: TestClient, container: Container
) -> None:
    ok(client.patch(f"{PEOPLE}/ada", json={"credentials": [MAIL]}))
    theirs = {"external_id": "hr-1", "credentials": [CARD]}
    ok(client.patch(f"{PEOPLE}/alias", json=theirs))
    said = refused(client, merge(client, "ada", "alias"), "identifiers")
    assert "an external id and 1 credentials" in said
    person = ok(merge(client, "ada", "alias", identifiers="move"))["person"]
    assert person["external_id"] == "hr-1"
    assert [each["system"] for each in person["credentials"]] == ["2n", "acs"]
    assert [each["id"] for each in ok(client.get(f"{PEOPLE}?external_id=hr-1"))["items"]] == ["ada"]
    ok(
        client.patch(
            f"{PEOPLE}/p2", json={"external_id": "hr-2", "credentials": [{**CARD, "value": "5"}]}
        )
    )
    dropped = ok(merge(client, "ada", "p2", identifiers="drop"))["person"]
    assert dropped == person | {"face_count": 5}
    with container.database.read() as session:
        assert set(session.scalars(select(Credential.value))) == {"4711", MAIL["value"]}
    made(client.post(PEOPLE, json={"external_id": "hr-2"}))


def test_two_external_ids_or_too_many_credentials_do_not_fit_together(client: TestClient) -> None:
    ok(client.patch(f"{PEOPLE}/ada", json={"external_id": "hr-1"}))
    ok(client.patch(f"{PEOPLE}/alias", json={"external_id": "hr-2"}))
    said = refused(client, merge(client, "ada", "alias", identifiers="move"), "identifiers")
    assert "both have an external id" in said
    ok(client.patch(f"{PEOPLE}/ada", json={"external_id": None}))
    for who, count in (("ada", 16), ("alias", 1)):
        many = [{**CARD, "value": f"{who}-{i}"} for i in range(count)]
        ok(client.patch(f"{PEOPLE}/{who}", json={"credentials": many}))
    said = refused(client, merge(client, "ada", "alias", identifiers="move"), "identifiers")
    assert "17 credentials together" in said
    assert ok(merge(client, "ada", "alias", identifiers="drop"))["person"]["external_id"] is None


def test_who_were_said_to_be_two_people_are_not_merged(client: TestClient) -> None:
    pair = f"{STAFF}/lookalikes/alias/ada/dismissal"
    ok(client.put(pair))
    assert "two people" in refused(client, merge(client, "ada", "alias"), "other_id")
    assert client.delete(pair).status_code == 204
    ok(merge(client, "ada", "alias"))


def test_a_merge_ends_no_suspension(client: TestClient) -> None:
    ok(client.patch(f"{PEOPLE}/alias", json={"suspended": True}))
    assert "'alias' is suspended" in refused(client, merge(client, "ada", "alias"), "other_id")
    ok(client.patch(f"{PEOPLE}/ada", json={"suspended": True}))
    assert ok(merge(client, "ada", "alias"))["person"]["suspended"] is True


def test_what_was_said_of_the_person_who_stays_holds_and_of_the_other_goes(
    client: TestClient, container: Container
) -> None:
    for one in ("ada", "alias"):
        ok(client.put(f"{STAFF}/lookalikes/{one}/p2/dismissal"))
    ok(merge(client, "ada", "alias"))
    assert client.delete(f"{STAFF}/lookalikes/p2/ada/dismissal").status_code == 204
    with container.database.read() as session:
        assert session.scalars(select(Dismissal)).all() == []


def test_the_audit_and_the_events_say_who_was_merged_into_whom(client: TestClient) -> None:
    before, heard = len(audit(client)), len(events(client))
    answer = merge(client, "ada", "alias", headers={"X-Request-Id": "the-merge"})
    ok(answer)
    new = [(row["action"], row["object"]["id"], row["details"]) for row in audit(client)[before:]]
    assert new == [
        ("person.merged", "ada", {"other": "alias", "faces": 2, "left_out": 0}),
        ("person.deleted", "alias", {"merged_into": "ada"}),
    ]
    merged, erased = events(client)[heard:]
    assert [merged["type"], erased["type"]] == ["person.merged", "person.erased"]
    assert (merged["subject"], erased["subject"]) == ("ada", "alias")
    assert merged["data"]["person_id"] == "ada"
    assert merged["data"]["merged_person_id"] == "alias"
    assert merged["data"]["request_id"] == "the-merge"


def test_a_merge_sent_again_is_answered_again(client: TestClient, container: Container) -> None:
    once = {"Idempotency-Key": "once"}
    first = merge(client, "ada", "alias", headers=once)
    again = merge(client, "ada", "alias", headers=once)
    assert ok(again) == ok(first)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "alias" not in again.text
    problem(merge(client, "ada", "p2", headers=once), 409, "conflict")
    problem(merge(client, "ada", "alias"), 404, "not_found")
    now = ok(client.patch(f"{PEOPLE}/ada", json={"name": "Ada King"}))
    assert ok(merge(client, "ada", "alias", headers=once))["person"] == now
    assert client.delete(f"{PEOPLE}/ada").status_code == 204
    with container.database.read() as session:
        assert session.scalars(select(Receipt)).all() == []


def test_receipts_that_show_the_other_go_and_those_of_the_person_follow(
    client: TestClient, container: Container
) -> None:
    def new(person: str, **fields: str) -> httpx.Response:
        form = {"id": person, **fields}
        answer: httpx.Response = client.post(
            PEOPLE, data=form, files=files(picture(11)), headers={"Idempotency-Key": person}
        )
        return answer

    made(new("kept"))
    made(new("second", name="Second Name", external_id="badge-7"))
    word = {"person_id": "second", "verdict": "them"}
    probe = files(picture(11, 2), field="image")
    made(client.post(f"{STAFF}/feedback", data=word, files=probe, headers={"Idempotency-Key": "f"}))
    ok(merge(client, "kept", "second", identifiers="move"))
    with container.database.read() as session:
        left = [receipt.answer for receipt in session.scalars(select(Receipt))]
    assert len(left) == 1
    assert "econd" not in left[0]
    assert made(new("kept"))["person"]["external_id"] == "badge-7"


def test_odd_requests_are_refused_with_the_reason(client: TestClient) -> None:
    assert wrong_fields(merge(client, "ada", "ada")) == ["other_id"]
    assert wrong_fields(merge(client, "ada", "-")) == ["other_id"]
    assert wrong_fields(merge(client, "ada", "alias", faces="some")) == ["faces"]
    assert wrong_fields(merge(client, "ada", "alias", identifiers=None)) == ["identifiers"]
    assert wrong_fields(merge(client, "ada", "alias", more=1)) == ["more"]
    assert wrong_fields(client.post(f"{PEOPLE}/ada/merge", json={})) == ["other_id"]
    make_collection(client, "lab")
    enrol(client, "/collections/lab", "eve", picture(9))
    for kept, other in (("ada", "nobody"), ("nobody", "ada"), ("ada", "eve"), ("eve", "ada")):
        problem(merge(client, kept, other), 404, "not_found")
    elsewhere = as_key(client, scopes=["admin"], collections=["lab"])
    problem(merge(client, "ada", "alias", headers=elsewhere), 403, "forbidden")
    reader = as_key(client, scopes=["read", "identify"])
    problem(merge(client, "ada", "alias", headers=reader), 403, "forbidden")
    assert ok(client.get(f"{PEOPLE}/alias"))["face_count"] == 2


def test_a_person_without_a_face_is_merged_too(client: TestClient) -> None:
    made(client.post(PEOPLE, json={"id": "badge", "external_id": "hr-9"}))
    person = ok(merge(client, "badge", "ada"))["person"]
    assert (person["external_id"], person["face_count"]) == ("hr-9", 2)
    made(client.post(PEOPLE, json={"id": "empty"}))
    assert ok(merge(client, "badge", "empty"))["faces_moved"] == 0


def test_of_two_merges_of_one_pair_at_once_one_is_done(client: TestClient) -> None:
    for turn in range(4):
        one, other = f"x{turn}", f"y{turn}"
        enrol(client, STAFF, one, picture(40 + turn))
        enrol(client, STAFF, other, picture(40 + turn, 1))
        together = Barrier(2)

        def ask(kept: str, gone: str, together: Barrier = together) -> httpx.Response:
            together.wait()
            return merge(client, kept, gone)

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(ask, one, other), pool.submit(ask, other, one)]
            answers = [each.result() for each in both]
        assert sorted(answer.status_code for answer in answers) == [200, 404]
        (done,) = (answer for answer in answers if answer.status_code == 200)
        assert done.json()["person"]["face_count"] == 2
        kept = {each for each in (one, other) if client.get(f"{PEOPLE}/{each}").is_success}
        assert kept == {done.json()["person"]["id"]}


def test_what_is_done_to_the_other_at_once_is_merged_or_finds_nobody(client: TestClient) -> None:
    """A face that was answered with 201 is the person's in the end, and none is nobody's."""
    for turn in range(4):
        other = f"z{turn}"
        enrol(client, STAFF, other, picture(50 + turn))
        together = Barrier(3)

        def ask(call: Any, together: Barrier = together) -> httpx.Response:  # noqa: ANN401
            together.wait()
            answer: httpx.Response = call()
            return answer

        with ThreadPoolExecutor(3) as pool:
            merged, added, renamed = (
                pool.submit(ask, call)
                for call in (
                    lambda other=other: merge(client, "ada", other),
                    lambda other=other, turn=turn: client.post(
                        f"{PEOPLE}/{other}/faces", files=files(picture(50 + turn, 1))
                    ),
                    lambda other=other: client.patch(f"{PEOPLE}/{other}", json={"name": "Zoë"}),
                )
            )
        moved = ok(merged.result())["faces_moved"]
        assert added.result().status_code in (201, 404)
        assert renamed.result().status_code in (200, 404)
        assert moved == (2 if added.result().status_code == 201 else 1)
        assert client.get(f"{PEOPLE}/{other}").status_code == 404
    assert ok(client.get(STAFF))["face_count"] == sum(
        each["face_count"] for each in ok(client.get(PEOPLE))["items"]
    )
