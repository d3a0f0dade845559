"""The headers of every answer, for browsers and caches, and those that every request must have."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import enrol, identify, made, make_collection, ok, problem
from tests.support.browser import chromium
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ServerProcess

KITH = "http://kith"


def answers(client: TestClient) -> Iterator[httpx.Response]:
    """Answers of every kind: of people and keys, of the service, and errors of each part."""
    path = make_collection(client)
    enrol(client, path, "ada", picture(1))
    yield from (
        client.get(where)
        for where in (path, f"{path}/persons", f"{path}/persons/ada/faces", "/keys", "/models")
    )
    yield client.post("/keys", json={"scopes": ["read"]})
    yield client.post(f"{path}/identify", files={"image": picture(1)})
    yield from (client.get(KITH + where) for where in ("/metrics", "/v1/health/ready"))
    yield client.get("/nowhere")
    yield client.put("/models")
    yield client.get("/models", headers={"Authorization": "Bearer nobody"})
    yield client.post("/collections", content=b"{")
    yield client.post("/detect", headers={"Content-Length": "9" * 12, "Expect": "100-continue"})
    yield client.delete(f"{path}/persons/ada")


def test_no_answer_is_kept_guessed_at_or_taken_for_a_page(client: TestClient) -> None:
    seen = list(answers(client))
    assert {200, 201, 204, 401, 404, 405, 413, 422} <= {each.status_code for each in seen}
    for answer in seen:
        where = f"{answer.request.method} {answer.request.url} {answer.status_code}"
        assert answer.headers["cache-control"] == "no-store", where
        assert answer.headers["x-content-type-options"] == "nosniff", where
        assert answer.headers["content-security-policy"].startswith("default-src 'none'"), where


def test_the_docs_run_their_own_script_and_nothing_else(client: TestClient) -> None:
    page = client.get(f"{KITH}/docs")
    policy = dict(
        each.split(" ", 1) for each in page.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/=]{44}'", policy["script-src"])
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    script = client.get(f"{KITH}/static-offline-docs/swagger-ui-bundle.js")
    assert script.headers["cache-control"] == "max-age=86400"
    assert script.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("prefix", ["", "/kith"])
def test_the_docs_work_in_a_browser_under_their_policy(
    prefix: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    process = ServerProcess(
        tmp_path_factory.mktemp("docs"), settings.bundle_dir, KITH_ROOT_PATH=prefix
    )
    try:
        url = process.start().url
        with chromium() as browser:
            page = browser.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(f"{url}{prefix}/docs")
            page.wait_for_selector("#operations-collections-create_collection")
            assert page.locator(".opblock").count() > 20
            page.locator("#operations-monitoring-live button").first.click()
            page.get_by_role("button", name="Try it out").click()
            page.get_by_role("button", name="Execute").click()
            page.wait_for_selector(".live-responses-table")
            assert "ok" in page.locator(".live-responses-table").inner_text()
        assert said == []
    finally:
        process.kill()


def test_the_docs_may_be_for_those_with_a_key(settings: Settings) -> None:
    private = settings.model_copy(update={"public_docs": False})
    with client_of(build(private)) as client:
        reader = made(client.post("/keys", json={"scopes": ["identify"]}))["key"]
        for where in ("/docs", "/openapi.json", "/asyncapi.json", "/schemas/door.decision.json"):
            assert client.get(KITH + where).status_code == 200
            by_reader = {"Authorization": f"Bearer {reader}"}
            assert client.get(KITH + where, headers=by_reader).status_code == 200
            nobody = {"Authorization": ""}
            problem(client.get(KITH + where, headers=nobody), 401, "unauthenticated")
        assert ok(client.get(f"{KITH}/v1/health/live", headers={"Authorization": ""}))


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["kith"], 200),
        (["kith.example.com:8000"], 200),
        (["[::1]:8000"], 200),
        ([""], 200),
        (["kith", "evil.example"], 400),
        (["kith", "kith"], 400),
        (["kith, evil.example"], 400),
        (["kith/evil"], 400),
        (["user@kith"], 400),
        (["ki th"], 400),
        (["kith\x00"], 400),
        (['"><script>'], 400),
    ],
)
def test_a_request_has_exactly_one_host(client: TestClient, hosts: list[str], status: int) -> None:
    request = client.build_request("GET", "/health/live")
    others = [pair for pair in request.headers.raw if pair[0].lower() != b"host"]
    request.headers = httpx.Headers([*others, *((b"Host", each.encode()) for each in hosts)])
    answer = client.send(request)
    assert answer.status_code == status, hosts
    if status == 400:
        assert "exactly one Host" in problem(answer, 400, "malformed_request")["detail"]


@pytest.mark.parametrize("path", ["/collections/", "/collections/staff/", "/models/", "//models"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_slash_too_many_leads_nowhere_else(client: TestClient, path: str, method: str) -> None:
    make_collection(client)
    answer = client.request(method, f"{KITH}/v1{path}", headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


def test_of_a_deleted_collection_nothing_is_left_in_the_metrics(client: TestClient) -> None:
    for name in ("staff", "guests"):
        path = make_collection(client, name)
        enrol(client, path, "ada", picture(1))
        identify(client, path, 1, source="door-7")
        identify(client, path, 2)
    before = client.get(f"{KITH}/metrics").text
    assert 'collection="staff"' in before
    assert client.delete("/collections/staff", params={"force": "true"}).status_code == 204
    after = client.get(f"{KITH}/metrics").text
    assert 'collection="staff"' not in after
    assert after.count('collection="guests"') == before.count('collection="guests"')


def test_what_another_process_deleted_leaves_the_metrics_of_this_one(settings: Settings) -> None:
    this, other = build(settings), build(settings)
    with client_of(this) as client, client_of(other) as deletes:
        for name in ("staff", "guests"):
            path = make_collection(client, name)
            enrol(client, path, "ada", picture(1))
            identify(client, path, 1, source="door-7")
        assert deletes.delete("/collections/staff", params={"force": "true"}).status_code == 204
        this.jobs.run("deleted_collections")
        left = client.get(f"{KITH}/metrics").text
    assert 'collection="staff"' not in left
    assert 'collection="guests",decision="identified",source="door-7"' in left
