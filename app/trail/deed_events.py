"""Makes the events of those deeds that have one: of people, keys, lock-downs and webhooks."""

from typing import Any, Final

from app.trail.chain import Deed
from app.trail.events import Draft, source_in

_TYPES: Final = {
    "person.created": "person.created",
    "person.updated": "person.updated",
    "person.merged": "person.merged",
    "person.deleted": "person.erased",
    "key.created": "key.created",
    "key.revoked": "key.revoked",
    "webhook.disabled": "webhook.disabled",
}
_LOCKABLE: Final = ("door.created", "door.updated", "zone.created", "zone.updated")


def draft_of(deed: Deed) -> Draft | None:
    """The event of a deed; None where it has none."""
    kind = _type_of(deed)
    if kind is None:
        return None
    source = source_in(deed.collection, deed.kind, deed.id)
    return Draft(kind, source, deed.id, deed.at, by(deed) | _data_of(deed, kind))


def by(deed: Deed) -> dict[str, Any]:
    """The key and the request behind a deed."""
    return {"key_id": deed.actor.key_id, "request_id": deed.actor.request_id}


def _type_of(deed: Deed) -> str | None:
    if deed.action in _LOCKABLE and "locked_down" in deed.details:
        return "door.lockdown"
    if deed.action == "person.updated" and deed.details.get("suspended"):
        return "person.suspended"
    return _TYPES.get(deed.action)


def _data_of(deed: Deed, kind: str) -> dict[str, Any]:
    if kind == "door.lockdown":
        return {
            "collection_id": deed.collection,
            "door_id": deed.id if deed.kind == "door" else None,
            "zone_id": deed.id if deed.kind == "zone" else None,
            "locked_down": deed.details["locked_down"],
        }
    if deed.kind == "key":
        return {"affected_key_id": deed.id}
    if deed.kind == "webhook":
        reason = {"disabled_reason": deed.details["disabled_reason"]}
        return {"collection_id": deed.collection, "webhook_id": deed.id} | reason
    of_person = {"collection_id": deed.collection, "person_id": deed.id}
    if kind == "person.merged":
        return of_person | {"merged_person_id": deed.details["other"]}
    return of_person | {"fields": deed.details.get("fields")}
