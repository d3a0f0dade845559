"""A door with somebody who may pass it, and questions about it."""

from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from fastapi.testclient import TestClient

from tests.api.sites import make_site
from tests.api.support import enrol, files, made, make_collection, ok
from tests.support.pictures import picture

HQ: Final = "/collections/hq"
ADA, BOB, STRANGER = 1, 2, 77
FAKE_NOON: Final = "2026-05-04T12:00:00Z"
"""A Monday, 14:00 in Berlin: the office is open."""


def make_hq(client: TestClient, **door: object) -> None:
    """Ada, who is of the staff, Bob, who is not, and the front door, by default in mode decide."""
    make_site(client, make_collection(client, "hq"))
    for name, somebody in (("ada", ADA), ("bob", BOB)):
        enrol(client, HQ, name, *(picture(somebody, shake) for shake in (1, 2, 3)))
    ok(client.put(f"{HQ}/groups/staff/members/ada", json={}))
    if door:
        change(client, "doors/front", **door)


def change(client: TestClient, path: str, **fields: object) -> dict[str, Any]:
    """Change a thing of the policy."""
    return ok(client.patch(f"{HQ}/{path}", json=fields, headers={"If-Match": "*"}))


def door_key(client: TestClient, *doors: str) -> dict[str, str]:
    """The head of requests with a key for doors of hq."""
    new = {"scopes": ["door"], "collections": ["hq"], "doors": list(doors or ["front"])}
    return {"Authorization": f"Bearer {made(client.post('/keys', json=new))['key']}"}


def frames(*people: int, first: int = 20) -> list[bytes]:
    """A frame of each, no two alike."""
    return [picture(somebody, first + shake) for shake, somebody in enumerate(people)]


def post(
    client: TestClient,
    *images: bytes,
    key: dict[str, str] | None = None,
    door: str = "front",
    **form: object,
) -> httpx.Response:
    """The raw answer, to the holder of ``key``."""
    data = {name: value if isinstance(value, list) else str(value) for name, value in form.items()}
    answer: httpx.Response = client.post(
        f"/doors/{door}/decisions", files=files(*images), data=data, headers=key
    )
    return answer


def decision(
    client: TestClient,
    *images: bytes,
    key: dict[str, str] | None = None,
    door: str = "front",
    **options: object,
) -> dict[str, Any]:
    """The decision about some frames."""
    return ok(post(client, *images, key=key, door=door, **options))


def of(
    client: TestClient,
    somebody: int,
    count: int = 3,
    key: dict[str, str] | None = None,
    door: str = "front",
    **options: object,
) -> dict[str, Any]:
    """The decision about frames of somebody."""
    return decision(client, *frames(*[somebody] * count), key=key, door=door, **options)


def outcome(answer: dict[str, Any]) -> tuple[str, str, str | None]:
    """The answer, its reason, and the person."""
    person = answer["person"]
    return answer["decision"], answer["reason"], None if person is None else person["id"]


def ago(now: datetime, *milliseconds: int) -> list[str]:
    """Times before an instant."""
    return [(now - timedelta(milliseconds=each)).isoformat() for each in milliseconds]
