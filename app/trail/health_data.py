"""The ``data`` of events about the client of a door."""

from typing import Literal

from pydantic import BaseModel, Field

from app.trail.event_data import CollectionId, DoorId

HealthName = Literal["ok", "no_picture", "stale_pictures", "silent"]


class HealthData(BaseModel):
    """The state of a door's client changed."""

    collection_id: CollectionId
    door_id: DoorId
    state: HealthName = Field(
        description="`ok`; `no_picture`: its camera gives none; `stale_pictures`: they are too old "
        "when they are decided on; `silent`: it does not report any more."
    )
    former_state: HealthName | Literal["unknown"] = Field(
        description="The state that the last event said; `unknown`: there was none."
    )
    detail: str | None = Field(description="A word of the client's that says more.")
