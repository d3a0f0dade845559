"""The rights of each scope and of keys bound to collections, as the contract promises them."""

from collections.abc import Callable

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.sites import MADE, make_site, make_webhook, webhook_places
from tests.api.support import files, made, make_collection, ok, problem
from tests.support.pictures import picture

Request = Callable[[TestClient, str], httpx.Response]


def as_key(client: TestClient, **key: object) -> dict[str, str]:
    """The headers of a key just made."""
    return {"Authorization": f"Bearer {made(client.post('/keys', json=key))['key']}"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "", "X-API-Key": ""},
        {"Authorization": "", "X-API-Key": "wrong"},
        {"Authorization": "Bearer kith_\xe9"},
    ],
)
def test_without_a_known_key_nothing_is_shown(
    client: TestClient, staff: str, headers: dict[str, str]
) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    for path in (staff, "/keys", "/models", "http://kith/metrics", "/collections/nowhere"):
        answer = client.get(path, headers=httpx.Headers(raw))
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


BOB, PAIR = {"other_id": "bob"}, "lookalikes/ada/bob/dismissal"


def with_bob(client: TestClient, staff: str) -> str:
    """The path of the collection, where the client has enrolled bob, if it may."""
    client.post(f"{staff}/persons", data={"id": "bob"}, files=files(picture(2)))
    return staff


def dismissed(client: TestClient, staff: str) -> str:
    """The path of the collection, where the client has said that bob is not ada, if it may."""
    client.put(f"{with_bob(client, staff)}/{PAIR}")
    return staff


IMAGE, IMAGES = files(picture(1, 5), field="image"), files(picture(1, 5))

ROUTES: dict[str, tuple[str, Request]] = {
    "make a collection": ("admin", lambda c, _: c.post("/collections", json={})),
    "change a collection": ("admin", lambda c, staff: c.patch(staff, json={})),
    "delete a collection": ("admin", lambda c, staff: c.delete(f"{staff}?force=true")),
    "make a key": ("admin", lambda c, _: c.post("/keys", json={"scopes": ["read"]})),
    "list keys": ("admin", lambda c, _: c.get("/keys")),
    "revoke a key": ("admin", lambda c, _: c.delete("/keys/none")),
    "embed": ("admin", lambda c, _: c.post("/embeddings", files=IMAGE)),
    "enrol": ("enroll", lambda c, staff: c.post(f"{staff}/persons", json={})),
    "change a person": ("enroll", lambda c, staff: c.patch(f"{staff}/persons/ada", json={})),
    "delete a person": ("enroll", lambda c, staff: c.delete(f"{staff}/persons/ada")),
    "add faces": ("enroll", lambda c, staff: c.post(f"{staff}/persons/ada/faces", files=IMAGES)),
    "delete a face": ("enroll", lambda c, staff: c.delete(f"{staff}/persons/ada/faces/1")),
    "identify": ("identify", lambda c, staff: c.post(f"{staff}/identify", files=IMAGE)),
    "verify": ("identify", lambda c, staff: c.post(f"{staff}/persons/ada/verify", files=IMAGE)),
    "distances": (
        "read",
        lambda c, staff: c.post(f"{staff}/distances", files=files(picture(1), picture(2))),
    ),
    "clusters": (
        "read",
        lambda c, staff: c.post(f"{staff}/clusters", files=files(picture(1), picture(2))),
    ),
    # Not for who may identify alone, such as a door: it must not be able to move a threshold.
    "give feedback": (
        "enroll",
        lambda c, staff: c.post(
            f"{staff}/feedback", data={"person_id": "ada", "verdict": "them"}, files=IMAGE
        ),
    ),
    "compare": (
        "identify",
        lambda c, _: c.post(
            "/compare", files=files(picture(1), field="source") + files(picture(1), field="target")
        ),
    ),
    "detect": ("identify", lambda c, _: c.post("/detect", files=IMAGE)),
    "list collections": ("see", lambda c, _: c.get("/collections")),
    "read a collection": ("see", lambda c, staff: c.get(staff)),
    "list lookalikes": ("read", lambda c, staff: c.get(f"{staff}/lookalikes")),
    "list odd faces": ("read", lambda c, staff: c.get(f"{staff}/odd-faces")),
    "read a threshold": ("read", lambda c, staff: c.get(f"{staff}/threshold")),
    "merge persons": (
        "enroll",
        lambda c, staff: c.post(f"{with_bob(c, staff)}/persons/ada/merge", json=BOB),
    ),
    "dismiss lookalikes": ("enroll", lambda c, staff: c.put(f"{with_bob(c, staff)}/{PAIR}")),
    "restore lookalikes": ("enroll", lambda c, staff: c.delete(f"{dismissed(c, staff)}/{PAIR}")),
    "list persons": ("see", lambda c, staff: c.get(f"{staff}/persons")),
    "read a person": ("see", lambda c, staff: c.get(f"{staff}/persons/ada")),
    "list faces": ("see", lambda c, staff: c.get(f"{staff}/persons/ada/faces")),
    "read the models": ("know", lambda c, _: c.get("/models")),
    "read the metrics": ("read", lambda c, _: c.get("http://kith/metrics")),
}


ANY = {"If-Match": "*"}
LINES = {"Content-Type": "application/x-ndjson"}
UNLOCK = "doors/front/actions/unlock"
ACTION = {"kind": "http", "url": "https://lock.invalid/open", "timeout_ms": 100}


def five_of(kind: str) -> dict[str, tuple[str, Request]]:
    """The routes that doors and the rules for them have alike."""
    new = {**MADE[kind], "id": "second"}
    item = f"{kind}/{MADE[kind]['id']}"
    return {
        f"list {kind}": ("read", lambda c, staff: c.get(f"{staff}/{kind}")),
        f"read one of {kind}": ("read", lambda c, staff: c.get(f"{staff}/{item}")),
        f"make one of {kind}": ("admin", lambda c, staff: c.post(f"{staff}/{kind}", json=new)),
        f"change one of {kind}": (
            "admin",
            lambda c, staff: c.patch(f"{staff}/{item}", json={}, headers=ANY),
        ),
        f"delete one of {kind}": (
            "admin",
            lambda c, staff: c.delete(f"{staff}/{item}", headers=ANY),
        ),
    }


for _kind in MADE:
    ROUTES |= five_of(_kind)
ROUTES |= {
    "put an action": ("admin", lambda c, staff: c.put(f"{staff}/{UNLOCK}", json=ACTION)),
    "list actions": ("admin", lambda c, staff: c.get(f"{staff}/{UNLOCK.rpartition('/')[0]}")),
    "read an action": ("admin", lambda c, staff: c.get(f"{staff}/{UNLOCK}")),
    "try an action": ("admin", lambda c, staff: c.post(f"{staff}/{UNLOCK}/test")),
    "delete an action": ("admin", lambda c, staff: c.delete(f"{staff}/{UNLOCK}")),
    "list members": ("see", lambda c, staff: c.get(f"{staff}/groups/staff/members")),
    "put a member": (
        "enroll",
        lambda c, staff: c.put(f"{staff}/groups/staff/members/ada", json={}),
    ),
    "decide at a door": ("admin", lambda c, _: c.post("/doors/front/decisions", files=IMAGES)),
    "report a door": ("admin", lambda c, _: c.post("/doors/front/health", json={"state": "ok"})),
    "read the audit": ("admin", lambda c, _: c.get("/audit")),
    "read the events": ("read", lambda c, _: c.get("/events")),
    "read the log of a door": ("read", lambda c, _: c.get("/doors/front/decisions")),
    "read the log of its door": ("read", lambda c, staff: c.get(f"{staff}/doors/front/decisions")),
    "follow the events": ("read", lambda c, _: c.get("/events/stream")),
    "put a person of another system": (
        "enroll",
        lambda c, staff: c.put(f"{staff}/persons/by-external-id/hr-1", json={}),
    ),
    "sync": (
        "enroll",
        lambda c, staff: c.post(f"{staff}/sync", content=b'{"external_id": "hr-2"}', headers=LINES),
    ),
    "remove a member": ("enroll", lambda c, staff: c.delete(f"{staff}/groups/staff/members/ada")),
}
HOOK = {"url": "https://hooks.invalid/", "secrets": ["KITH_SECRET_UNSET"]}


def hook(client: TestClient, rest: str = "") -> str:
    """The address of an endpoint that the client may see, if any, and of what it has."""
    return f"/webhooks/{webhook_places(client)['webhook_id']}{rest}"


ROUTES |= {
    "make a webhook": (
        "admin",
        lambda c, staff: c.post("/webhooks", json=HOOK | {"collection_id": staff[13:]}),
    ),
    "list webhooks": ("admin", lambda c, _: c.get("/webhooks")),
    "read a webhook": ("admin", lambda c, _: c.get(hook(c))),
    "change a webhook": ("admin", lambda c, _: c.patch(hook(c), json={}, headers=ANY)),
    "try a webhook": ("admin", lambda c, _: c.post(hook(c, "/test"))),
    "list dead letters": ("admin", lambda c, _: c.get(hook(c, "/dead-letters"))),
    "replay": ("admin", lambda c, _: c.post(hook(c, "/replay"), json={"all": True})),
    "delete a webhook": ("admin", lambda c, _: c.delete(hook(c), headers=ANY)),
}
MAY = {
    "admin": {"admin", "enroll", "identify", "read", "see", "know"},
    "enroll": {"enroll", "see", "know"},
    "identify": {"identify", "know"},
    "read": {"read", "see", "know"},
}


def test_the_table_of_routes_is_whole(client: TestClient) -> None:
    document = ok(client.get("http://kith/openapi.json"))
    public = ("/v1/health/live", "/v1/health/ready")
    documented = [
        (path, method)
        for path, item in document["paths"].items()
        for method in item
        if path not in public
    ]
    assert len(documented) == len(ROUTES)


@pytest.mark.parametrize("scope", MAY)
def test_each_scope_opens_its_routes_and_no_others(
    client: TestClient, staff: str, scope: str
) -> None:
    headers = as_key(client, scopes=[scope])
    for name, (needed, request) in ROUTES.items():
        client.post("/collections", json={"id": "staff"})  # an admin's own tour deletes them
        client.post(f"{staff}/persons", data={"id": "ada"}, files=files(picture(1)))
        asking = client.headers
        client.headers = httpx.Headers(headers)
        answer = request(client, staff)
        client.headers = asking
        if needed in MAY[scope]:
            assert answer.status_code not in (401, 403), name
            assert answer.status_code < 500, name
        else:
            assert scope not in problem(answer, 403, "forbidden")["detail"].split(), name


@pytest.fixture
def bound(client: TestClient, staff: str) -> TestClient:
    """The client with an admin key that is bound to ``staff``; there is also ``other``."""
    other = make_collection(client, "other")
    for path in (staff, other):
        made(client.post(f"{path}/persons", data={"id": "ada"}, files=files(picture(1))))
        make_site(client, path)
    make_webhook(client, "staff")
    client.headers = httpx.Headers(as_key(client, scopes=["admin"], collections=["staff"]))
    return client


ELSEWHERE = "/collections/other"
FOR_UNBOUND = {
    "make a collection",
    "make a key",
    "list keys",
    "revoke a key",
    "read the metrics",
}


def test_a_bound_key_reaches_no_other_collection(bound: TestClient) -> None:
    for name, (_, request) in ROUTES.items():
        answer = request(bound, ELSEWHERE)
        if ELSEWHERE in answer.request.url.path or name in (*FOR_UNBOUND, "make a webhook"):
            problem(answer, 403, "forbidden")
        else:
            assert answer.status_code == (204 if name == "delete a webhook" else 200), name


def test_a_bound_key_does_everything_in_its_own_collection(bound: TestClient, staff: str) -> None:
    changing = (
        "delete a collection",
        *(f"delete one of {kind}" for kind in MADE),
        "delete a person",
        "delete a face",
        "restore lookalikes",
        "remove a member",
        "delete an action",
        "delete a webhook",
    )
    for name, (_, request) in ROUTES.items():
        if name not in (*changing, *FOR_UNBOUND):
            assert request(bound, staff).status_code in (200, 201), name
    for second in ("rules/second", "doors/second"):  # which name the others
        assert bound.delete(f"{staff}/{second}", headers=ANY).status_code == 204
    for name in reversed(changing):
        assert ROUTES[name][1](bound, staff).status_code == 204, name


def test_a_bound_key_lists_its_own_collections(bound: TestClient) -> None:
    assert [each["id"] for each in ok(bound.get("/collections"))["items"]] == ["staff"]


def test_a_bound_key_cannot_find_out_whether_another_collection_exists(bound: TestClient) -> None:
    answers = [bound.get(f"/collections/{name}") for name in ("other", "none-")]
    there, nowhere = (problem(answer, 403, "forbidden") for answer in answers)
    assert there["detail"].replace("other", "none-") == nowhere["detail"]
