"""Types of text that every room takes from clients."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, StringConstraints

from app.core.ids import ID_PATTERN
from app.core.names import one_spelling

_LONGEST: Final = 256


def _storable(text: str) -> str:
    """In one spelling, so that a name is found however its accents were typed."""
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    stored = one_spelling(text)
    if len(stored) > _LONGEST:  # of a few letters NFC makes two or three
        raise ValueError(f"must have at most {_LONGEST} characters in NFC")
    return stored


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time between the years 1 and 9999 in UTC") from None


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Label = Annotated[
    str, StringConstraints(min_length=1, max_length=_LONGEST), AfterValidator(_storable)
]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
