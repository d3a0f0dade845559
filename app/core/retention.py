"""The settings that say how long what happened is kept."""

from typing import Annotated, Final

from pydantic import Field

_MOST: Final = 36_500
"""Days: a century."""

EventDays = Annotated[
    int,
    Field(ge=1, le=_MOST, description="Days that events are kept for those who read them late."),
]
AuditDays = Annotated[
    int,
    Field(
        ge=1,
        le=_MOST,
        description="Days that rows of the audit are kept; for a system under the EU AI Act at "
        "least 184, which six months may have.",
    ),
]
