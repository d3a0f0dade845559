"""The fields of the API as the options of the commands, for what services say to both."""

import re
from typing import Final

OPTIONS: Final = {
    "subject": "--subject",
    "scopes": "--scope",
    "collections": "--collection",
    "expires_at": "--expires",
    "rate": "--rate",
}
"""By the field. One of another name is a property, and is called the same everywhere."""
_NAMES: Final = "|".join(OPTIONS)
_FIELD: Final = re.compile(rf"(?<=`)(?:{_NAMES})(?=`)|^(?:{_NAMES})(?:\[\d+\])?(?=: )")


def with_options(text: str) -> str:
    """A service's message with each field's name replaced by the command's option. Fields stand in
    backticks, or at the start with a colon after them.
    """
    return _FIELD.sub(lambda found: OPTIONS[found[0].partition("[")[0]], text)
