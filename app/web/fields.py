"""Types of text that every room takes from clients."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from app.core.ids import ID_PATTERN


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_storable)]
