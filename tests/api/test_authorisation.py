"""Every route of OpenAPI, asked with every kind of key, against the table of docs/keys.md."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.gallery.examination import Examiner
from app.settings import Settings
from tests.api.sites import PLACES, make_site
from tests.api.support import FakeClock, made, make_collection, ok, problem
from tests.support.client import client_of

SCOPES = ("identify", "enroll", "read", "door", "admin")
UNBOUND = tuple(scope for scope in SCOPES if scope != "door")
PUBLIC = "public"
ADMIN = "the-admin-key-of-this-test-alone"


@dataclass(frozen=True)
class Row:
    """A row of the table: what it says of each scope, and of keys that are bound."""

    method: str
    path: str
    scopes: dict[str, str]
    bound: str

    @property
    def of_collection(self) -> bool:
        return "{collection_id}" in self.path

    @property
    def of_door(self) -> bool:
        """Whether the key says which collection is meant, since the address does not."""
        return self.path.startswith("/v1/doors/")

    def url(self, collection: str) -> str:
        names = {"collection_id": collection, "person_id": "nobody", "face_id": "1", "key_id": "k"}
        return f"http://kith{self.path.format(**names, external_id='x', **PLACES)}"


def table() -> list[Row]:
    text = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")
    lines = text.split("<!-- scopes -->")[1].split("<!-- /scopes -->")[0].strip().splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == ["Route", *(f"`{scope}`" for scope in SCOPES), "Bound key"]
    found = []
    for route, *cells in rows:
        method, path = route.strip("`").split()
        assert set(cells[:-1]) <= {"yes", "no", PUBLIC}, route
        found.append(Row(method, path, dict(zip(SCOPES, cells, strict=False)), cells[-1]))
    return found


ROWS = table()


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path, clock: FakeClock
) -> Iterator[TestClient]:
    """A service where ``mine`` and ``other`` have somebody in them, so that no DELETE ends one."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("authorisation"),
        model=fake_bundle,
        admin_key=ADMIN,
    )
    with client_of(build(settings, clock), ADMIN) as client:
        for collection in ("mine", "other"):
            make_collection(client, collection)
            made(client.post(f"/collections/{collection}/persons", json={"id": "ada"}))
            make_site(client, f"/collections/{collection}")
        yield client


def bound(client: TestClient, scope: str, collection: str) -> str:
    """The secret of a key for a collection; for a door, of that one in it."""
    doors = {"doors": [PLACES["door_id"]]} if scope == "door" else {}
    return secret(client, scopes=[scope], collections=[collection], **doors)


def secret(client: TestClient, **key: object) -> str:
    return str(made(client.post("/keys", json=key))["key"])


def ask(client: TestClient, row: Row, key: str | None, collection: str = "mine") -> int:
    """The status of a request without a body: rights are decided before anything is read."""
    headers = {"Authorization": "", **({} if key is None else {"X-API-Key": key})}
    answer = client.request(row.method, row.url(collection), headers=headers)
    assert answer.status_code < 500, (row, answer.text)
    if answer.status_code in (401, 403):
        problem(
            answer,
            answer.status_code,
            {401: "unauthenticated", 403: "forbidden"}[answer.status_code],
        )
    status: int = answer.status_code
    return status


def outcome(status: int) -> str:
    return {401: "unknown", 403: "no"}.get(status, "yes")


def expected(row: Row, scope: str) -> str:
    return "yes" if row.scopes[scope] in ("yes", PUBLIC) else "no"


def test_the_table_has_every_route_and_no_other(service: TestClient) -> None:
    document = ok(service.get("http://kith/openapi.json"))
    there = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    listed = [(row.method, row.path) for row in ROWS]
    assert sorted(listed) == sorted(there)


def test_what_is_public_is_health_alone_and_says_so_in_openapi(service: TestClient) -> None:
    paths = ok(service.get("http://kith/openapi.json"))["paths"]
    for row in ROWS:
        protected = bool(paths[row.path][row.method.lower()].get("security"))
        assert protected == (row.bound != PUBLIC), row
    assert {row.path for row in ROWS if row.bound == PUBLIC} == {
        "/v1/health/live",
        "/v1/health/ready",
    }


@pytest.mark.parametrize(
    "kind", ["none", "wrong", "revoked", "expired", "empty", "of another case"]
)
def test_a_key_that_is_not_valid_opens_what_is_public_and_nothing_else(
    service: TestClient, clock: FakeClock, kind: str
) -> None:
    good = made(service.post("/keys", json={"scopes": ["admin"], "expires_at": later(clock, 1)}))
    key = {"none": None, "wrong": "kith_wrong", "empty": ""}.get(kind, good["key"])
    if kind == "revoked":
        assert service.delete(f"/keys/{good['id']}").status_code == 204
    elif kind == "of another case":
        key = good["key"].swapcase()
    elif kind == "expired":
        clock.forward(dt.timedelta(hours=1))
    for row in ROWS:
        wanted = "yes" if row.bound == PUBLIC else "unknown"
        assert outcome(ask(service, row, key)) == wanted, row


def later(clock: FakeClock, hours: int) -> str:
    return (clock.now() + dt.timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize("scope", UNBOUND)
def test_an_unbound_key_may_do_what_the_table_says(service: TestClient, scope: str) -> None:
    key = secret(service, scopes=[scope])
    for row in ROWS:
        assert outcome(ask(service, row, key)) == expected(row, scope), (scope, row)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_bound_key_may_do_what_the_table_says(service: TestClient, scope: str) -> None:
    key = bound(service, scope, "mine")
    for row in ROWS:
        own = "no" if row.bound == "no" else expected(row, scope)
        elsewhere = "no" if row.of_collection else own
        its_own = row.of_collection or row.of_door
        assert row.bound == PUBLIC or (row.bound == "its own") == its_own
        assert outcome(ask(service, row, key, "mine")) == own, (scope, row)
        assert outcome(ask(service, row, key, "other")) == elsewhere, (scope, row)
        assert outcome(ask(service, row, key, "nowhere")) == elsewhere, (scope, row)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_of_a_deleted_collection_opens_nothing_of_its_successor(
    service: TestClient, scope: str
) -> None:
    make_site(service, make_collection(service, "gone"))
    key = bound(service, scope, "gone")
    assert service.delete("/collections/gone?force=true").status_code == 204
    check_closed(service, key)
    make_collection(service, "gone")
    made(service.post("/collections/gone/persons", json={"id": "ada"}))
    check_closed(service, key)
    if scope not in ("identify", "door"):
        listed = service.get("/collections", headers={"Authorization": "", "X-API-Key": key})
        assert ok(listed)["items"] == []
    assert service.delete("/collections/gone?force=true").status_code == 204


def check_closed(service: TestClient, key: str) -> None:
    """The key opens nothing of ``gone``."""
    for row in ROWS:
        if row.of_collection:
            assert outcome(ask(service, row, key, "gone")) == "no", row


@pytest.mark.parametrize(
    "scopes", [["identify", "read"], ["enroll", "identify"], ["enroll", "read"]]
)
def test_several_scopes_may_do_what_each_may(service: TestClient, scopes: list[str]) -> None:
    key = secret(service, scopes=scopes)
    for row in ROWS:
        wanted = "yes" if any(expected(row, scope) == "yes" for scope in scopes) else "no"
        assert outcome(ask(service, row, key)) == wanted, (scopes, row)


def test_head_shows_nobody_more_than_get(service: TestClient) -> None:
    key = secret(service, scopes=["identify"], collections=["mine"])
    for row in ROWS:
        if row.method == "GET" and expected(row, "identify") == "no":
            head = Row("HEAD", row.path, row.scopes, row.bound)
            headers = {"Authorization": "", "X-API-Key": key}
            answer = service.request("HEAD", head.url("mine"), headers=headers)
            assert answer.status_code in (403, 405), row


def test_a_request_in_hand_does_not_act_on_a_successor_of_its_collection(
    service: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is looked at before its body comes: here, before its images are examined."""
    make_collection(service, "reborn")
    key = secret(service, scopes=["enroll", "identify"], collections=["reborn"])
    examine = Examiner.examine

    def while_it_changes_hands(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        with ThreadPoolExecutor(1) as another:  # whose context is not that of the request
            another.submit(change_hands).result()
        return examine(*given, **named)

    def change_hands() -> None:
        headers = {"Authorization": f"Bearer {ADMIN}"}
        assert service.delete("/collections/reborn", headers=headers).status_code == 204
        made(service.post("/collections", json={"id": "reborn"}, headers=headers))

    monkeypatch.setattr(Examiner, "examine", while_it_changes_hands)
    answer = service.post(
        "/collections/reborn/persons",
        json={"id": "eve"},
        headers={"Authorization": f"Bearer {key}"},
    )
    problem(answer, 404, "not_found")
    monkeypatch.undo()
    assert ok(service.get("/collections/reborn"))["person_count"] == 0
    assert service.delete("/collections/reborn").status_code == 204
