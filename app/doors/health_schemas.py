"""The bodies by which the client of a door reports how it is."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.trail.health_data import HealthName
from app.web.fields import BodyFields

_DETAIL = r"^[a-z][a-z0-9_]{0,31}$"


class HealthReport(BodyFields):
    """How the client of a door is now."""

    state: Literal["ok", "no_picture", "stale_pictures"] = Field(
        description="`ok`; `no_picture`: its camera gives none; `stale_pictures`: they come, and "
        "are too old when they are decided on."
    )
    detail: Annotated[str, Field(pattern=_DETAIL)] | None = Field(
        None, description="A word that says more, such as `camera_lost`; never a person."
    )


class HealthTaken(BaseModel):
    """A report was taken."""

    state: HealthName = Field(description="The state that the door is in now.")
    next_in_s: int = Field(ge=1, description="Seconds after which to report again, at the latest.")
