"""Types of a run's numbers, each with its range; a number is never NaN or infinite."""

from typing import Annotated

from pydantic import ConfigDict, Field

STRICT = ConfigDict(strict=True, extra="forbid")
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Weight = Positive
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Named = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
