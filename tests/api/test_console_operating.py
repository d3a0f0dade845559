"""The console does the same as the API: webhooks, backups, anchors, doors."""

import html
import json
import re
from contextlib import nullcontext
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.maintenance.archive import opened_archive
from app.settings import Settings
from tests.api.console import Visitor
from tests.api.support import make_collection
from tests.api.test_console_sessions import ADMIN, new_key
from tests.support.client import client_of
from tests.support.pictures import picture

HOOK = {"url": "https://desk.example.com/kith", "secrets": "KITH_SECRET_A"}
GROUPS = ("day", "night", "lab")
PAGES = ("/webhooks", "/audit", "/backup", "/c/staff/doors/of/front", "/c/staff/doors/schedules")


@pytest.fixture
def visitor(client: TestClient) -> Visitor:
    make_collection(client)
    door = {"id": "front", "mode": "decide"}
    client.post("/collections/staff/doors", json=door, headers=ADMIN).raise_for_status()
    visitor = Visitor(client)
    visitor.sign_in()
    return visitor


def test_a_webhook_is_made_rotated_switched_off_and_deleted(
    visitor: Visitor, client: TestClient
) -> None:
    made = visitor.post("/webhooks", {**HOOK, "name": "<b>", "types": "person.created"})
    where = made.headers["location"].removeprefix("/console")
    api = where.removeprefix("/")

    def now() -> dict[str, object]:
        found: dict[str, object] = client.get(api, headers=ADMIN).json()
        return found

    assert (now()["types"], now()["collection_id"]) == (["person.created"], None)
    assert "&lt;b&gt;" in visitor.get(where).text
    first = {"revision": str(now()["revision"])}
    assert visitor.post(where, {**first, "secrets": "KITH_SECRET_A, KITH_SECRET_B"}).is_redirect
    assert now()["secrets"] == ["KITH_SECRET_A", "KITH_SECRET_B"]
    assert visitor.post(where, {**first, "enabled": "false"}).status_code == 412
    second = {"revision": str(now()["revision"])}
    assert visitor.post(where, {**second, "enabled": "false"}).is_redirect
    assert (now()["enabled"], now()["secrets"]) == (False, ["KITH_SECRET_A", "KITH_SECRET_B"])
    assert visitor.post(f"{where}/replay", {"all": "true"}).is_redirect
    assert "unfit" in visitor.post(f"{where}/test").text
    assert visitor.post(f"{where}/delete").headers["location"] == "/console/webhooks"
    assert client.get(api, headers=ADMIN).status_code == 404


@pytest.mark.parametrize("wrong", [{"url": "ftp://x"}, {"secrets": ""}, {"types": "x"}])
def test_a_wrong_webhook_is_refused(visitor: Visitor, wrong: dict[str, str]) -> None:
    assert visitor.post("/webhooks", HOOK | wrong).status_code == 422


def test_a_backup_is_whole_recorded_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    with client_of(build(settings)) as client:
        make_collection(client)
        visitor = Visitor(client)
        visitor.sign_in()
        assert "No backup of everything was made" in visitor.get("/backup").text
        before = sorted(settings.data_dir.iterdir())
        answer = visitor.post("/backup")
        assert sorted(settings.data_dir.iterdir()) == before
        assert answer.headers["content-disposition"] == 'attachment; filename="kith-all.zip"'
        file = tmp_path / "backup.zip"
        file.write_bytes(answer.content)
        with opened_archive(file, lambda _rows: nullcontext(lambda _done: None)) as archive:
            assert archive.manifest.whole
            assert [each.id for each in archive.manifest.collections] == ["staff"]
        assert (
            "The last backup of everything from this page was made" in visitor.get("/backup").text
        )
        one = visitor.post("/backup", {"collection": "staff"})
        assert one.headers["content-disposition"] == 'attachment; filename="kith-staff.zip"'
        assert visitor.post("/backup", {"collection": "nowhere"}).status_code == 404
        rows = client.get("/audit", headers=ADMIN).json()["items"]
        made = [each["object"] for each in rows if each["action"] == "backup.made"]
        assert made == [{"kind": "backup", "id": each} for each in ("all", "staff")]


def test_an_anchor_is_the_head_of_every_chain(visitor: Visitor, client: TestClient) -> None:
    page = visitor.post("/audit/anchor").text
    text = page.partition('<p class="secret">')[2].partition("</p>")[0]
    anchors = json.loads(text.replace("&#34;", '"'))["anchors"]
    rows = client.get("/audit", headers=ADMIN).json()["items"]
    heads = {each["chain"]: (each["seq"], each["hash"]) for each in rows}
    assert {each["chain"]: (each["seq"], each["hash"]) for each in anchors} == heads


def test_the_audit_is_filtered_by_time(visitor: Visitor) -> None:
    assert "door.created" in visitor.get("/audit?since=2020-01-01T00:00").text
    assert "door.created" not in visitor.get("/audit?until=2020-01-01T00:00:01").text
    assert visitor.get("/audit?since=x").status_code == 422


def test_a_key_of_one_collection_does_not_reach_what_is_of_the_site(
    visitor: Visitor, client: TestClient
) -> None:
    visitor.sign_in(new_key(client, collections=["staff"])["key"])
    assert [visitor.get(each).status_code for each in ("/backup", "/keys")] == [403, 403]
    assert visitor.post("/backup").status_code == 403
    assert visitor.post("/audit/anchor").status_code == 403
    assert visitor.post("/webhooks", HOOK).status_code == 422  # it would be of the whole site
    assert client.get("/webhooks", headers=ADMIN).json()["items"] == []
    assert visitor.post("/webhooks", {**HOOK, "collection_id": "staff"}).is_redirect


def test_a_key_that_reads_changes_nothing(visitor: Visitor, client: TestClient) -> None:
    visitor.sign_in(new_key(client, scopes=["read"])["key"])
    assert [visitor.get(each).status_code for each in PAGES] == [403, 403, 403, 200, 200]
    for path in ("/webhooks", "/c/staff/doors/of/front/actions/x/test", "/c/staff/threshold"):
        assert visitor.post(path, HOOK).status_code == 403


def test_a_pair_is_shown_to_who_reads_and_changed_by_who_enrols(
    visitor: Visitor, client: TestClient
) -> None:
    """It is of two people, who are in this collection, and a merge that does not fit says why."""
    for who, shakes in (("ada", (1, 2)), ("alias", (3,))):
        photos = [("images", (f"{each}", picture(1, each), "image/png")) for each in shakes]
        data = {"id": who, "external_id": f"hr-{who}"}
        client.post("/collections/staff/persons", data=data, files=photos, headers=ADMIN)
    pair = "/c/staff/watch/pair/ada/alias"
    visitor.sign_in(new_key(client, scopes=["read"])["key"])
    assert "<form" not in visitor.get(pair).text.partition("<main")[2]
    for then in ("dismiss", "restore", "merge"):
        assert visitor.post(f"{pair}/{then}").status_code == 403
    visitor.sign_in(new_key(client, scopes=["read", "enroll"])["key"])
    shown = visitor.get(pair).text
    assert shown.count('value="drop"') == 2
    assert 'value="move"' not in shown  # both have an external id
    refused = visitor.post(f"{pair}/merge", {"identifiers": "move"})
    assert (refused.status_code, "both have an external id" in refused.text) == (409, True)
    assert visitor.post(f"{pair}/dismiss").headers["location"] == "/console/c/staff/watch"
    assert visitor.post(f"{pair}/merge", {"identifiers": "drop"}).status_code == 409
    assert "two people" in visitor.post(f"{pair}/dismiss", within=True).text
    assert visitor.post(f"{pair}/restore").is_redirect
    assert visitor.post(f"{pair}/restore").status_code == 404
    for other, status in (("ada", 422), ("nobody", 404)):
        odd = f"/c/staff/watch/pair/ada/{other}"
        assert visitor.get(odd).status_code == status
        assert {visitor.post(f"{odd}/{each}").status_code for each in ("dismiss", "merge")} == {
            status
        }
    merged = visitor.post(f"{pair}/merge", {"identifiers": "drop"})
    assert (merged.status_code, "alias" in merged.text) == (200, True)
    person = client.get("/collections/staff/persons/ada", headers=ADMIN).json()
    assert (person["external_id"], person["face_count"]) == ("hr-ada", 3)


def test_a_door_says_why(visitor: Visitor, client: TestClient) -> None:
    images = [("images", (f"{each}", picture(1, each), "image/png")) for each in (1, 2, 3)]
    data = {"id": "ada", "name": "Ada"}
    client.post("/collections/staff/persons", data=data, files=images, headers=ADMIN)
    frames = [("images", (f"{each}", picture(1, each), "image/png")) for each in (7, 8, 9)]
    client.post("/doors/front/decisions", files=frames, headers=ADMIN).raise_for_status()
    page = visitor.get("/c/staff/doors/of/front").text
    assert "No rule lets the person in here" in page
    assert "A stranger looks this much like somebody here once in" in page
    asked = visitor.get("/c/staff/doors/of/front?person=ada&at=2027-01-04T09:00").text
    assert "There is no rule for this door." in asked
    assert visitor.get("/c/staff/doors/of/front?person=nobody").status_code == 404
    assert visitor.get("/c/staff/doors/of/elsewhere").status_code == 404


def test_a_target_shows_what_it_would_have_changed_here(
    visitor: Visitor, client: TestClient
) -> None:
    images = [("images", (f"{each}", picture(1, each), "image/png")) for each in (1, 2, 3)]
    client.post("/collections/staff/persons", data={"id": "a"}, files=images, headers=ADMIN)
    frames = [("images", (f"{each}", picture(1, each), "image/png")) for each in (7, 8, 9)]
    client.post("/doors/front/decisions", files=frames, headers=ADMIN).raise_for_status()
    rate = client.get("/doors/front/decisions", headers=ADMIN).json()["items"][0]["fpir"]
    page = visitor.get(f"/c/staff/threshold?target={rate / 2:.12f}").text
    assert "Of the last 1 decisions of doors in 7 days that a rate decided, 1 would" in page
    page = visitor.get("/c/staff/threshold?target=0.2").text
    assert "that a rate decided, 0 would have named nobody" in page


def shown(visitor: Visitor, path: str, form: str) -> dict[str, str]:
    """The hidden fields of a form that say what the page shows."""
    page = visitor.get(path).text
    within = page[page.index(form) :].partition("</form>")[0]
    found = re.findall(r'name="(was-[^"]+)" value="([^"]*)"', within)
    return {name: html.unescape(text) for name, text in found}


def test_a_page_that_is_old_takes_back_nothing_that_somebody_else_changed(
    visitor: Visitor, client: TestClient
) -> None:
    """Ada is suspended and put into a group after the operator has opened her page."""
    staff, page = "/collections/staff", "/c/staff/people/ada"
    for kind, new in (*(("groups", group) for group in GROUPS), ("persons", "ada")):
        client.post(f"{staff}/{kind}", json={"id": new}, headers=ADMIN).raise_for_status()
    member = f"{staff}/groups/{{}}/members/ada"
    client.put(member.format("day"), json={}, headers=ADMIN).raise_for_status()
    person = shown(visitor, page, "About the person")
    groups = shown(visitor, page, "<fieldset>")
    assert (person["was-suspended"], groups) == ("", {"was-groups": "day"})
    path = f"{staff}/persons/ada"
    client.patch(path, json={"suspended": True}, headers=ADMIN).raise_for_status()
    client.put(member.format("night"), json={}, headers=ADMIN).raise_for_status()
    assert visitor.post(page, {**person, "name": "Ada"}).is_redirect
    assert visitor.post(f"{page}/groups", {**groups, "groups": "lab"}).is_redirect
    now = client.get(path, headers=ADMIN).json()
    assert (now["name"], now["suspended"]) == ("Ada", True)
    members = [client.get(f"{staff}/groups/{each}/members", headers=ADMIN) for each in GROUPS]
    assert [len(answer.json()["items"]) for answer in members] == [0, 1, 1]
