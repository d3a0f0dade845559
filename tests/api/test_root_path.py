"""The service below a proxy's prefix, whether the proxy takes the prefix off or not."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import made, ok, problem
from tests.support.client import client_of


@pytest.fixture(params=["/kith", "/apps/kith.v2"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["stripped", "whole"])
def site(request: pytest.FixtureRequest, prefix: str) -> str:
    """The address of the service's root, as the proxy sends it."""
    return "http://kith" if request.param == "stripped" else f"http://kith{prefix}"


@pytest.fixture
def below(settings: Settings, prefix: str) -> Iterator[TestClient]:
    with client_of(build(settings.model_copy(update={"root_path": prefix}))) as client:
        yield client


def test_the_api_answers_below_the_prefix(below: TestClient, site: str) -> None:
    made(below.post(f"{site}/v1/collections", json={"id": "staff"}))
    assert ok(below.get(f"{site}/v1/collections/staff"))["id"] == "staff"
    assert below.head(f"{site}/v1/collections/staff").status_code == 200
    assert ok(below.get(f"{site}/v1/health/live")) == {"status": "ok"}
    assert below.get(f"{site}/metrics").status_code == 200
    assert 'route="/v1/collections/{collection_id}"' in below.get(f"{site}/metrics").text


def test_the_docs_and_all_that_they_load_are_found_there(
    below: TestClient, site: str, prefix: str
) -> None:
    page = below.get(f"{site}/docs")
    assert page.status_code == 200
    assert f"url: '{prefix}/openapi.json'" in page.text
    assets = re.findall(r"""(?:src|href)="([^"]+)\"""", page.text)
    assert len(assets) >= 3
    for asset in assets:
        assert asset.startswith(f"{prefix}/"), asset
        there = site + asset.removeprefix(prefix)  # as the proxy sends on what a browser asks for
        assert below.get(there).status_code == 200, asset
    document = ok(below.get(f"{site}/openapi.json"))
    assert document["servers"] == [{"url": prefix}]
    assert "/v1/models" in document["paths"]


def test_a_missing_page_is_answered_with_where_the_docs_are(
    below: TestClient, site: str, prefix: str
) -> None:
    for path in ("/v1/nowhere", "/v1/models/", prefix, "/"):
        answer = below.get(f"{site}{path}", follow_redirects=False)
        refused = problem(answer, 404, "not_found")
        assert f"{prefix}/docs" in refused["detail"]
        assert "location" not in answer.headers
    wrong = below.put(f"{site}/v1/models")
    problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "GET, HEAD"


def test_a_path_that_only_begins_like_the_prefix_is_none_of_it(
    below: TestClient, prefix: str
) -> None:
    problem(below.get(f"http://kith{prefix}x/v1/models"), 404, "not_found")


def test_without_a_prefix_nothing_is_below_one(client: TestClient) -> None:
    problem(client.get("http://kith/kith/v1/models"), 404, "not_found")
    assert "servers" not in ok(client.get("http://kith/openapi.json"))
