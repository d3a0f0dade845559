"""Types that every room's schemas share: ids, text, times, numbers.

Values are read as their standards define them: times are RFC 3339, text is Unicode in its form NFC,
numbers are JSON's. No other spelling is accepted.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from app.core.ids import ID_PATTERN
from app.core.names import one_spelling

MAX_TEXT: Final = 256
"""Characters of a name, counted when it is normalised."""
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?:[01][0-9]|2[0-3]):[0-5][0-9]):([0-5][0-9]|60)"
    r"(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u202a-\u202e\u2066-\u2069]")
"""Controls, separators of lines and paragraphs, the byte order mark, changes of direction."""


class BodyFields(BaseModel, extra="forbid", strict=True, hide_input_in_errors=True):
    """The fields that a body may hold, each of its own JSON type; ``"5"`` is no number. What was
    sent is in no error's text, so in no log: it may be a secret.
    """


def _text(text: str) -> str:
    text = one_spelling(text)
    if not 1 <= len(text) <= MAX_TEXT:
        raise ValueError(f"must have 1 to {MAX_TEXT} characters; this has {len(text)}")
    if found := _UNSEEN.search(text):
        raise ValueError(
            f"must not contain the character U+{ord(found[0]):04X} (character "
            f"{found.start() + 1}): it controls how text is shown and is none itself"
        )
    return text


def _instant(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    """Parse RFC 3339 text; a ``datetime``, as Python code passes it, stays as it is."""
    if isinstance(value, datetime):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            "must be a time as RFC 3339 writes it, with an offset: 2026-05-04T12:00:00Z or "
            "2026-05-04T14:00:00+02:00"
        )
    day, minute, second, fraction, sign, hours, minutes = found.groups()
    leap = second == "60"
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        local = datetime.fromisoformat(f"{day}T{minute}:{'59' if leap else second}")
        local += timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
        instant = (local + offset if sign == "-" else local - offset).replace(tzinfo=UTC)
        return _after_leap(instant) if leap else instant
    except OverflowError:
        raise ValueError("must be a time between the years 1 and 9999 in UTC") from None
    except ValueError as error:
        raise ValueError(f"must be a time that there is: {error}") from None


def _after_leap(instant: datetime) -> datetime:
    """Read a leap second, the last of a month in UTC, as the second that follows."""
    following = instant.replace(microsecond=0) + timedelta(seconds=1)
    if (following.day, following.hour, following.minute) != (1, 0, 0):
        raise ValueError("a second 60 exists only at the end of a month in UTC")
    return following


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("must have an offset")
    return instant.astimezone(UTC)


def _integral(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    """JSON has one kind of number: 5.0 is as whole as 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole_text(value: Any) -> Any:  # noqa: ANN401 - text, or the default
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            raise ValueError("must be a whole number in decimal digits, such as 5")
        return int(value)
    return value


def _switch_text(value: Any) -> Any:  # noqa: ANN401 - text, or the default
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise ValueError("must be true or false")
        return value == "true"
    return value


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Label = Annotated[
    str,
    AfterValidator(_text),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "pattern": f"^{_UNSEEN.pattern.replace('[', '[^', 1)}+$",
        }
    ),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Read in any offset, kept and answered in UTC, to the microsecond; further digits are cut off."""
WHOLE: Final = BeforeValidator(_integral)
WHOLE_TEXT: Final = BeforeValidator(_whole_text)
"""Like ``WHOLE`` they come after the bounds of an annotation: bounds that follow them are checked,
but no schema has them as ``minimum`` and ``maximum``.
"""
Whole = Annotated[int, WHOLE]
"""A whole number in a body; see ``BodyFields``."""
SwitchText = Annotated[bool, BeforeValidator(_switch_text)]
"""``true`` or ``false`` in an address."""

Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, le=1)]
"""A share, a score or an error rate."""
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
RequestId = Annotated[
    str, Field(description="Id of this request: that of its log line and of `X-Request-Id`.")
]
CreatedAt = Annotated[datetime, Field(description="Time of creation, UTC.")]
UpdatedAt = Annotated[datetime, Field(description="Time of the last change, UTC.")]
