"""A grant in the form that actions need, and the actions that it sets off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.actions.schemas import ActionFields
from app.actions.templates import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A new grant at a door: committed, and no repetition of an earlier one. ``event_id`` is the
    same for all its actions. The keys are those of the rows.
    """

    collection_key: int
    collection_id: str
    door_key: int
    door_id: str
    person_key: int
    person_id: str
    external_id: str | None
    event_id: str
    reason: str
    session: str | None = None
    at: datetime
    valid_until: datetime

    def values(self) -> dict[str, str]:
        """The values of ``decision.*``, as text."""
        return {
            "id": self.event_id,
            "event_id": self.event_id,
            "decision": "granted",
            "reason": self.reason,
            "collection_id": self.collection_id,
            "door_id": self.door_id,
            "person_id": self.person_id,
            "external_id": self.external_id or "",
            "session": self.session or "",
            "at": instant(self.at),
            "valid_until": instant(self.valid_until),
        }


def instant(at: datetime) -> str:
    """A time as in the answers of the API: UTC, in milliseconds."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The actions of a door that a grant sets off, by id, and what fills their placeholders.
    ``shut`` is why none is sent: the door was shut after the grant. ``unreadable`` are the ids of
    those whose rows somebody changed in the database into something else.
    """

    actions: Sequence[tuple[str, ActionFields]]
    facts: Facts
    shut: str | None = None
    unreadable: Sequence[str] = ()
