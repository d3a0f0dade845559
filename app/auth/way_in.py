"""The state of the admin key that a start reports."""

from enum import StrEnum


class WayIn(StrEnum):
    """The state of the admin key at a start: which key has all rights, or why none is known."""

    SETTING = "setting"
    FILE = "file"
    NO_FILE = "no file"
    UNREADABLE = "unreadable"
    OPENS_NOTHING = "opens nothing"
