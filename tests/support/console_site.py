"""A site whose every list has somebody or something in it, with names that would run as HTML."""

from typing import Any

import httpx

from tests.support.browser import HOSTILE
from tests.support.pictures import picture

NAME = HOSTILE.replace("\n", " ")[:120]
PAGES = (
    *("", "/keys", "/webhooks", "/webhooks/{hook}", "/audit", "/backup", "/model"),
    *("/c/staff/people", "/c/staff/people?q=x", "/c/staff/people/p1", "/c/staff/enrol"),
    *("/c/staff/import", "/c/staff/try", "/c/staff/threshold", "/c/staff/doors"),
    *("/c/staff/threshold/missed?target=0.001", "/c/staff/threshold/evaluation"),
    *("/c/staff/doors/of/front", "/c/staff/doors/of/front?person=p1&at=2027-01-04T09:00"),
    *("/c/staff/doors/schedules", "/c/staff/watch", "/c/staff/watch/unknown"),
    *("/c/staff/watch/drift", "/c/staff/watch/pair/p1/p2", "/c/staff/watch/pair/p4/again4"),
    "/nowhere",
)
"""Every page that is read, below the console."""


def furnish(api: httpx.Client) -> list[str]:
    """Fill the collection ``staff`` of an empty service, on the tiny bundle; gives its pages."""

    def send(method: str, path: str, **content: Any) -> str:  # noqa: ANN401 - whatever httpx takes
        answer = api.request(method, path, **content)
        assert answer.is_success, answer.text
        return str(answer.json().get("id"))

    def make(path: str, **fields: object) -> str:
        return send("POST", path, json=fields)

    within = "/collections/staff"
    make("/collections", id="staff", name=NAME, target_fpir=0.01, keep_probes=100)
    make(f"{within}/groups", id="day", name=NAME)
    hours = [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "07:30", "end": "18:00"},
        {"days": ["sat"], "start": "09:00", "end": "12:00"},
    ]
    closed = [{"name": NAME, "first": "2027-12-24", "last": "2027-12-26"}]
    week = {"time_zone": "Europe/Berlin", "week": hours, "special_days": closed}
    make(f"{within}/schedules", id="office", name=NAME, **week)
    make(f"{within}/zones", id="ground", name=NAME)
    make(f"{within}/doors", id="front", name=NAME, mode="decide", zone_id="ground")
    make(f"{within}/rules", id="by-day", group_id="day", schedule_id="office", door_id="front")
    for somebody in range(1, 5):
        images = [("images", picture(somebody, shake)) for shake in (1, 2)]
        data = {"id": f"p{somebody}", "name": NAME, "external_id": f"{somebody}{NAME[:60]}"}
        send("POST", f"{within}/persons", data=data, files=images)
    for somebody in (3, 4):  # each a second time: one pair is two people, one may be one
        data = {"id": f"again{somebody}", "name": NAME, "external_id": f"again{somebody}"}
        send("POST", f"{within}/persons", data=data, files=[("images", picture(somebody, 5))])
    send("PUT", f"{within}/lookalikes/p3/again3/dismissal")
    make(f"{within}/persons", id="none", name=NAME, metadata={"a": NAME})
    send("PUT", f"{within}/groups/day/members/p1", json={})
    action = {
        "name": NAME,
        "kind": "http",
        "url": "http://127.0.0.1:9/open?door={{decision.door_id}}",
    }
    send("PUT", f"{within}/doors/front/actions/open", json=action)
    hook = {"name": NAME, "url": "http://127.0.0.1:9/events", "secrets": ["KITH_SECRET_HOOK"]}
    made = make("/webhooks", **hook)
    make("/keys", name=NAME, scopes=["read"], collections=["staff"])
    for somebody in (1, 2, 9):  # the last is a stranger
        frames = [("images", picture(somebody, shake)) for shake in (20, 21, 22)]
        send("POST", "/doors/front/decisions", files=frames)
    probe = {"image": picture(9, 3)}
    send("POST", f"{within}/identify", files=probe)
    return [each.format(hook=made) for each in PAGES]
