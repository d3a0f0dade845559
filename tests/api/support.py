"""Shared by the tests of the HTTP edge: a clock that stands still, and readings of answers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient

from app.container import Services
from tests.support.pictures import picture

PROBLEM = "application/problem+json"
Files = list[tuple[str, tuple[str, bytes, str]]]


class FakeClock:
    """Noon of a certain day, until a test moves it on."""

    def __init__(self) -> None:
        self._now = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def forward(self, by: timedelta) -> None:
        self._now += by


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that ``answer`` must be, whole."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    members = {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert set(body) == members
    assert (body["status"], body["code"]) == (status, code), body
    assert body["type"] == f"urn:kith:problem:{code}"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    assert all(set(each) == {"field", "message"} and all(each.values()) for each in body["errors"])
    return body


def wrong_fields(answer: httpx.Response) -> list[str]:
    """The fields that a 422 names."""
    return [each["field"] for each in problem(answer, 422, "invalid_request")["errors"]]


def made(answer: httpx.Response) -> dict[str, Any]:
    """The body of a 201."""
    assert answer.status_code == 201, answer.text[:500]
    body: dict[str, Any] = answer.json()
    return body


def ok(answer: httpx.Response) -> dict[str, Any]:
    """The body of a 200."""
    assert answer.status_code == 200, answer.text[:500]
    body: dict[str, Any] = answer.json()
    return body


def files(*images: bytes, field: str = "images") -> Files:
    """Images as the parts of a form, named ``0.png``, ``1.png``, ..."""
    return [(field, (f"{i}.png", image, "image/png")) for i, image in enumerate(images)]


def make_collection(client: TestClient, collection: str = "staff", **fields: object) -> str:
    """A collection; its path."""
    made(client.post("/collections", json={"id": collection, **fields}))
    return f"/collections/{collection}"


def enrol(
    client: TestClient, collection: str, person: str, *images: bytes, **fields: str
) -> dict[str, Any]:
    """Somebody with ``images``; the answer."""
    return made(
        client.post(f"{collection}/persons", data={"id": person, **fields}, files=files(*images))
    )


def identify(
    client: TestClient, collection: str, somebody: int, shake: int = 9, **options: object
) -> dict[str, Any]:
    """The answer about a picture of ``somebody``."""
    form = {name: str(value) for name, value in options.items()}
    image = files(picture(somebody, shake), field="image")
    return ok(client.post(f"{collection}/identify", data=form, files=image))


def only_face(answer: dict[str, Any]) -> dict[str, Any]:
    """The one face of an identification."""
    (face,) = answer["faces"]
    assert isinstance(face, dict)
    return face


def write_counts(client: TestClient) -> None:
    """Put into the database what was counted of the probes identified so far."""
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    services.feedback._records.write_counts()


def assert_nowhere(image: bytes, folder: Path) -> None:
    """No file below ``folder`` holds the image, whatever it is called."""
    kept = [each for each in folder.rglob("*") if each.is_file()]
    assert not [each.name for each in kept if image[100:200] in each.read_bytes()]
