"""The Postman collection has every route, and each of its requests is one that Kith takes."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from generator.__main__ import POSTMAN, served
from generator.postman import FORMAT, collection
from tests.api.support import files, ok
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.receivers import SECRET, Receiver
from tests.support.server import ADMIN_KEY

Item = dict[str, Any]
_VARIABLE = re.compile(r"{{(\$?\w+)}}")


@pytest.fixture(scope="module")
def postman() -> Item:
    found: Item = json.loads(POSTMAN.read_text(encoding="utf-8"))
    return found


def requests(postman: Item) -> Iterator[tuple[str, Item]]:
    """Every request with its name."""
    for folder in postman["item"]:
        for each in folder["item"]:
            assert each.keys() == {"name", "request", "response"}
            yield each["name"], each["request"]


def test_it_is_what_the_service_says(fake_bundle: Path) -> None:
    behind = "the collection is behind the service: run `make client` and commit what it writes"
    assert POSTMAN.read_text("utf-8") == collection(served(fake_bundle)), behind


def test_every_route_is_in_it_and_nothing_else(postman: Item, client: TestClient) -> None:
    paths = ok(client.get("http://kith/openapi.json"))["paths"]
    there = {(verb.upper(), path) for path, item in paths.items() for verb in item}
    found = [
        (request["method"], "/" + re.sub(r"{{(\w+)}}", r"{\1}", "/".join(request["url"]["path"])))
        for _, request in requests(postman)
    ]
    assert len(found) == len(set(found))
    assert set(found) == there


def test_its_form_is_the_one_that_programs_import(postman: Item) -> None:
    assert postman["info"]["schema"] == FORMAT
    assert postman["auth"]["bearer"][0]["value"] == "{{key}}"
    named = {each["key"] for each in postman["variable"]}
    assert [each["value"] for each in postman["variable"] if each["key"] == "key"] == [""]
    assert set(_VARIABLE.findall(json.dumps(postman))) - {"$guid"} <= named
    written = [each["value"] for _, request in requests(postman) for each in _query(request)]
    assert not {"True", "False", "None"} & set(written)  # Python's own words
    assert "kith_" not in json.dumps(postman["variable"])  # no secret
    for name, request in requests(postman):
        url = request["url"]
        assert url["raw"].startswith("/".join([*url["host"], *url["path"]])), name


def _query(request: Item) -> list[Item]:
    found: list[Item] = request["url"].get("query", [])
    return found


class Postman:
    """Sends a request as Postman does: variables filled in, and what is disabled left out."""

    def __init__(self, client: TestClient, postman: Item, receiver: Receiver) -> None:
        self._client = client
        self._receiver = receiver
        self._shakes = itertools.count()
        self._values = {each["key"]: each["value"] for each in postman["variable"]}
        self._values |= {"url": "http://kith", "key": ADMIN_KEY, "$guid": "once"}

    def send(self, request: Item) -> str:
        """The answer of a request that was refused, else nothing."""
        body, path = request.get("body", {}), request["url"]["path"]
        form = [each for each in body.get("formdata", []) if not each["disabled"]]
        images = [
            (each["key"], picture(1, next(self._shakes)))
            for each in form
            if "src" in each
            for _ in range(2 if each["key"] == "images" else 1)
        ]
        data = {each["key"]: self._filled(each["value"]) for each in form if "src" not in each}
        sent: Item = {"data": data, "files": images} if form else {"content": self._raw(body)}
        headers = {
            each["key"]: self._filled(each["value"])
            for each in request["header"]
            if not each.get("disabled")
        }
        headers["Authorization"] = f"Bearer {self._values['key']}"
        address = self._filled(request["url"]["raw"])
        answer = self._client.request(request["method"], address, headers=headers, **sent)
        if answer.status_code == 201 and f"{path[-1][:-1]}_id" in ("key_id", "webhook_id"):
            self._values[f"{path[-1][:-1]}_id"] = answer.json()["id"]
        return "" if answer.is_success else answer.text

    def _raw(self, body: Item) -> str:
        """To a receiver of this machine in place of the device."""
        text = self._filled(body.get("raw", ""))
        return text.replace("https://lock.example.com/unlock", self._receiver.url())

    def _filled(self, text: str) -> str:
        return _VARIABLE.sub(lambda found: self._values[found[1]], text)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.up()
    yield receiver
    receiver.down()


def test_its_requests_make_a_site_show_it_and_take_it_down(
    postman: Item, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its order, but that what removes comes last: then there is something to show."""
    monkeypatch.setenv("KITH_SECRET_WEBHOOK", SECRET)
    service = build(settings.model_copy(update={"egress_allow": "127.0.0.1"}))
    every = list(requests(postman))
    removing = [each for each in reversed(every) if each[1]["method"] == "DELETE"]
    kept = [each for each in every if each[1]["method"] != "DELETE"]
    with client_of(service) as client:
        sender = Postman(client, postman, receiver)
        answers = {}
        for _, request in [*kept, *removing]:
            if "{{other_id}}" in json.dumps(request) and request["method"] != "DELETE":
                _enrol_another(client)
            answers[f"{request['method']} {request['url']['raw']}"] = sender.send(request)
    refused = {each: why for each, why in answers.items() if why}
    # The one whom the external id made is still in it.
    assert list(refused) == ["DELETE {{url}}/v1/collections/{{collection_id}}"], refused
    assert "is not empty" in "".join(refused.values())


def _enrol_another(client: TestClient) -> None:
    """Make the second person of a pair, unless there is one."""
    bob = {"data": {"id": "bob"}, "files": files(picture(2))}
    assert client.post("/collections/hq/persons", **bob).status_code in (201, 409)
