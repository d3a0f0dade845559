"""A request that another site makes a browser send does nothing, and leads nowhere else."""

import pytest
from fastapi.testclient import TestClient

from tests.api.console import ORIGIN, Visitor, parts
from tests.api.support import problem
from tests.support.server import ADMIN_KEY

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}


@pytest.mark.parametrize("mark", ["", "0" * 64, "é"])
def test_a_form_without_the_mark_of_its_session_does_nothing(
    visitor: Visitor, client: TestClient, mark: str
) -> None:
    visitor.sign_in()
    assert visitor.post("/collections", {"id": "made"}, csrf=mark).status_code == 403
    problem(client.get("/collections/made", headers=ADMIN), 404, "not_found")
    assert visitor.post("/collections", {"id": "made"}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://kith:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_origin_does_nothing_not_even_a_sign_in(
    visitor: Visitor, client: TestClient, headers: dict[str, str]
) -> None:
    forged = Visitor(client, **headers)
    answer = forged.sign_in()
    assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)
    assert forged.post("/language", {"language": "de"}).status_code == 403
    visitor.sign_in()
    mark = visitor.csrf
    assert forged.post("/collections", {"id": "made"}, csrf=mark).status_code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/c/%2e%2e",
        "/../v1",
        "@evil",
        "/a?b",
    ],
)
def test_no_sign_in_leads_elsewhere(visitor: Visitor, wanted: str) -> None:
    assert visitor.sign_in(wanted=wanted).headers["location"] == "/console"
    assert wanted not in visitor.get(f"/sign-in?next={wanted}").text


def test_a_sign_in_leads_to_the_page_that_was_wanted(visitor: Visitor) -> None:
    assert visitor.sign_in(wanted="/c/staff/people").headers["location"] == (
        "/console/c/staff/people"
    )


def test_every_page_is_shown_by_no_other_and_runs_only_its_own_scripts(visitor: Visitor) -> None:
    visitor.sign_in()
    for path in ("", "/sign-in", "/c/nowhere/people"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        for part in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert part in policy
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_what_is_no_form_is_refused(visitor: Visitor, client: TestClient) -> None:
    visitor.sign_in()
    where = f"{visitor.home}/collections"
    assert client.post(where, data={"id": "x"}, headers=ORIGIN).status_code == 415
    cut = client.post(
        where,
        content=b"--b\r\n",
        headers={**ORIGIN, "Content-Type": "multipart/form-data; boundary=b"},
    )
    assert cut.status_code == 422
    assert (
        client.post(
            where, files=parts({"csrf": visitor.csrf, "target_fpir": "x"}), headers=ORIGIN
        ).status_code
        == 422
    )
