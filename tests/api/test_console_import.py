"""Many people are imported by a list and a ZIP: what a dry run says is what then happens."""

import io
import zipfile
from collections.abc import Mapping
from typing import cast

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.console.importing import begin
from app.console.languages import language
from app.console.sent import Sent
from app.console.services import ConsoleServices
from app.console.visits import Visit
from app.errors import Unauthenticated
from app.gallery.enrolment import ImageFile
from app.settings import Settings
from tests.api.console import Visitor
from tests.api.support import make_collection
from tests.api.test_console_sessions import ADMIN, new_key
from tests.support.browser import HOSTILE
from tests.support.client import client_of
from tests.support.pictures import picture

PATH = "/c/staff/import"
LIST = "external_id,name\n7,Ada\n8,Bea\n9,Bea\n"


def zipped(photos: Mapping[str, int | bytes]) -> bytes:
    """A ZIP; a number is a picture of that somebody."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for path, content in photos.items():
            data = picture(content, len(path)) if isinstance(content, int) else content
            made.writestr(path, data)
    return stream.getvalue()


@pytest.fixture
def visitor(client: TestClient) -> Visitor:
    make_collection(client)
    visitor = Visitor(client)
    visitor.sign_in()
    return visitor


def lines_of(visitor: Visitor, files: Mapping[str, bytes], *, dry_run: bool = False) -> list[str]:
    form = {"dry_run": "true"} if dry_run else {}
    answer = visitor.post(PATH, form, files=files, within=True)
    assert answer.status_code == 200, answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.text.endswith("</div>\n")
    return answer.text.splitlines()


def people(client: TestClient) -> dict[str, int]:
    items = client.get("/collections/staff/persons", headers=ADMIN).json()["items"]
    return {each["external_id"] or each["name"]: each["face_count"] for each in items}


def outcomes(lines: list[str]) -> list[str]:
    return [line.partition('">')[2].partition('">')[2].partition("<")[0] for line in lines[:-1]]


def test_a_list_and_its_photos_are_one_import_that_goes_on_where_it_stopped(
    visitor: Visitor, client: TestClient
) -> None:
    files = {
        "people": LIST.encode(),
        "photos": zipped({"Ada/1.png": 1, "8/1.png": 2, "Bea/1.png": 3, "x/1.png": 4}),
    }
    wanted = ["new"] * 3 + ["enrolled", "enrolled", "refused", "refused"]
    said = lines_of(visitor, files, dry_run=True)
    assert sorted(outcomes(said)) == sorted(wanted)
    assert "3 new" in said[-1]
    assert "Nothing was changed" in said[-1]
    assert people(client) == {}
    said = lines_of(visitor, files)
    assert sorted(outcomes(said)) == sorted(wanted)
    assert people(client) == {"7": 1, "8": 1, "9": 0}
    assert 'data-done="4" data-total="4"' in said[-2]
    again = outcomes(lines_of(visitor, files))
    assert sorted(again) == ["enrolled before"] * 2 + ["refused"] * 2
    assert people(client) == {"7": 1, "8": 1, "9": 0}


def test_a_rehearsal_takes_nobody_of_the_list_for_somebody_whose_id_it_is(
    visitor: Visitor, client: TestClient
) -> None:
    known = {"id": "8", "name": "Zed"}
    client.post("/collections/staff/persons", json=known, headers=ADMIN).raise_for_status()
    files = {
        "people": LIST.encode(),
        "photos": zipped({"7/1.png": 1, "7/02.png": 1, "8/1.png": 2, "9/1.png": 3}),
    }
    rehearsed = outcomes(lines_of(visitor, files, dry_run=True))
    assert rehearsed == outcomes(lines_of(visitor, files))
    assert people(client) == {"Zed": 0, "7": 2, "8": 1, "9": 1}


def test_photos_without_a_list_are_of_external_ids_or_of_names(
    visitor: Visitor, client: TestClient
) -> None:
    known = {"name": "Ada", "external_id": "7"}
    client.post("/collections/staff/persons", json=known, headers=ADMIN).raise_for_status()
    photos = zipped({"7/1.png": 1, "Bea/1.png": 2, "Bea/2.jpg": b"\xff\xd8\xff no photo"})
    said = lines_of(visitor, {"photos": photos})
    assert outcomes(said) == ["enrolled", "enrolled", "refused"]
    assert people(client) == {"7": 1, "Bea": 1}


def test_a_wrong_file_changes_nothing(visitor: Visitor, client: TestClient) -> None:
    for files in (
        {"people": b"name\nAda\n"},
        {"people": LIST.encode() + b"7,again\n"},
        {"people": LIST.encode(), "photos": b"no zip"},
        {},
    ):
        answer = visitor.post(PATH, files=files, within=True)
        assert answer.status_code == 422, files
        assert 'role="alert"' in answer.text
    assert people(client) == {}


def test_a_name_that_would_run_is_shown_as_text(visitor: Visitor) -> None:
    name = HOSTILE.split("/")[0]
    said = lines_of(visitor, {"photos": zipped({f"{name}/1.png": 1})})
    assert "&lt;script&gt;" in said[0]
    assert "<script" not in "".join(said)


def test_an_import_ends_with_its_key(visitor: Visitor, client: TestClient) -> None:
    key = new_key(client, scopes=["enroll"])
    visitor.sign_in(key["key"])
    mark = visitor.csrf
    photos = zipped({f"p{each}/1.png": each for each in range(5)})
    client.delete(f"/keys/{key['id']}", headers=ADMIN)
    answer = visitor.post(PATH, csrf=mark, files={"photos": photos}, within=True)
    assert answer.status_code == 401
    assert people(client) == {}


def test_an_import_stops_when_its_key_is_revoked_meantime(settings: Settings) -> None:
    container = build(settings)
    with client_of(container) as client:
        make_collection(client)
        key = new_key(client)
        caller = container.services.keys.authenticate(key["key"])
        token = container.services.sessions.begin(caller)
        photos = ImageFile("photos", zipped({f"p{each}/1.png": each for each in range(3)}))
        sent = Sent({}, {"photos": [photos]})
        visit = Visit(Request({"type": "http"}), language("en"), caller, token, sent)
        running = begin(cast("ConsoleServices", container.services), visit, "staff")
        assert next(running.rows).what == "enrolled"
        client.delete(f"/keys/{key['id']}").raise_for_status()
        assert list(running.rows) == []
        assert isinstance(running.ended_by, Unauthenticated)
        assert len(people(client)) == 1


def test_only_a_key_that_may_enrol_imports(visitor: Visitor, client: TestClient) -> None:
    visitor.sign_in(new_key(client, scopes=["read"])["key"])
    assert visitor.get(PATH).status_code == 403
    assert visitor.post(PATH, files={"people": LIST.encode()}).status_code == 403
    assert people(client) == {}
