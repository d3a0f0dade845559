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
    "action_id": "unlock"
}
"""The ids by the names that they have in addresses."""


def make_site(client: TestClient, collection: str) -> None:
    """One of each, in the collection of this path."""
    for kind, new in MADE.items():
        made(client.post(f"{collection}/{kind}", json=new))
