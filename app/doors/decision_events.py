"""The event of a decision at a door. It names a person where the policy does, by id alone."""

from collections.abc import Mapping
from typing import Any

from app.access.policy_repository import LoadedPolicy
from app.doors.answers import Concluded, Sight, factors_of, in_ms
from app.doors.door_repository import FoundDoor
from app.trail.events import Draft, source_in


def decision_event(
    door: FoundDoor, loaded: LoadedPolicy, sight: Sight, concluded: Concluded
) -> Draft:
    """The event of a decision that has one, with the id that its answer has."""
    if concluded.event_id is None:
        raise ValueError("this decision has no event")
    found, settings = concluded.decision, loaded.settings[door.id]
    place = loaded.policy.doors[door.id]
    named = concluded.person is not None
    data = {
        "collection_id": door.collection_id,
        "door_id": door.id,
        "zone_id": place.zone,
        "direction": settings.direction,
        "mode": place.mode.value,
        "authority": found.authority.value,
        "dry_run": False,
        "decision": str(found.answer),
        "reason": found.reason,
        "valid_until": found.valid_until,
        "blocked_until": found.blocked_until,
        "person": None if concluded.person is None else {"id": concluded.person.person.id},
        "match": _match(sight.match) if named and sight.match is not None else None,
        "frames": _frames(sight, concluded),
        "liveness": {"policy": "off", "state": "not_checked"},
        "factors": factors_of(sight.claim, named=named),
        "rule": None if found.rule is None else {"id": found.rule, "schedule_id": found.schedule},
        "policy_revision": found.policy_revision,
    }
    return Draft(
        "door.decision",
        source_in(door.collection_id, "door", door.id),
        door.id,
        concluded.at,
        data,
        id=concluded.event_id,
        expires=found.valid_until,
    )


def _match(match: Mapping[str, Any]) -> dict[str, Any] | None:
    """The comparison without what an administrator alone may know."""
    if match["similarity"] is None or match["threshold"] is None:
        return None
    return {
        "kind": match["kind"],
        "similarity": round(match["similarity"], 4),
        "threshold": round(match["threshold"], 4),
        "fpir": match.get("fpir"),
        "target_fpir": match.get("target_fpir"),
        "gallery_size": match["gallery_size"],
        "contract_id": match["contract_id"],
        "revision": match["revision"],
    }


def _frames(sight: Sight, concluded: Concluded) -> dict[str, Any]:
    frames = sight.frames
    age = frames.age(concluded.at)
    return {
        "received": frames.received,
        "used": frames.used,
        "agreeing": sight.agreeing,
        "span_ms": in_ms(frames.span),
        "first_at": frames.first_at,
        "last_at": frames.last_at,
        "age_ms": None if age is None else in_ms(age),
    }
