"""A site with one door and all that it takes to open it."""

from typing import Any, Final

from fastapi.testclient import TestClient

from tests.api.support import made

OFFICE: dict[str, Any] = {
    "id": "office",
    "time_zone": "Europe/Berlin",
    "week": [{"days": ["mon", "fri"], "start": "08:00", "end": "18:00"}],
    "special_days": [{"name": "Eve", "first": "2027-12-24", "last": None, "hours": []}],
}
MADE: Final[dict[str, dict[str, Any]]] = {
    "zones": {"id": "lobby", "name": "Lobby"},
    "groups": {"id": "staff"},
    "schedules": OFFICE,
    "doors": {"id": "front", "zone_id": "lobby", "mode": "decide", "ref": {"acs": "R-1"}},
    "rules": {"id": "r", "group_id": "staff", "door_id": "front", "schedule_id": "office"},
}
PLACES: Final = {f"{kind[:-1]}_id": str(new["id"]) for kind, new in MADE.items()} | {
    "action_id": "unlock",
    "other_id": "cid",
    "webhook_id": "whk-none",
}
"""The ids by the names that they have in addresses."""


def make_site(client: TestClient, collection: str) -> None:
    """One of each, in the collection of this path."""
    for kind, new in MADE.items():
        made(client.post(f"{collection}/{kind}", json=new))


def make_webhook(client: TestClient, collection: str) -> str:
    """An endpoint of the collection of this id, which gets nothing, for its secret is not set; its
    id.
    """
    new = {"url": "https://hooks.invalid/", "secrets": ["KITH_SECRET_UNSET"]}
    return str(made(client.post("/webhooks", json=new | {"collection_id": collection}))["id"])


def webhook_places(client: TestClient) -> dict[str, str]:
    """The id of the first endpoint that this client sees, if any, by its name in addresses."""
    items = client.get("/webhooks").json().get("items") or [{"id": PLACES["webhook_id"]}]
    return {"webhook_id": str(items[0]["id"])}
