"""Texts of several commands: fields of the API as their options, and lists that are cut short."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

OPTIONS: Final = {
    "subject": "--subject",
    "scopes": "--scope",
    "collections": "--collection",
    "expires_at": "--expires",
    "rate": "--rate",
}
"""By the field. One of another name is a property, and is called the same everywhere."""
_SHOWN: Final = 50
_NAMES: Final = "|".join(OPTIONS)
_FIELD: Final = re.compile(rf"(?<=`)(?:{_NAMES})(?=`)|^(?:{_NAMES})(?:\[\d+\])?(?=: )")


def with_options(text: str) -> str:
    """A service's message with each field's name replaced by the command's option. Fields stand in
    backticks, or at the start with a colon after them.
    """
    return _FIELD.sub(lambda found: OPTIONS[found[0].partition("[")[0]], text)


def listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    """The title and the first 50 lines, which are printable; nothing where there is none."""
    if lines:
        yield title
        yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more; --report FILE.json lists them all."
