"""Names of people and files, as text: one spelling, and a form that a terminal can print."""

import unicodedata
from typing import Final

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories that break a line, turn its direction, or stand for a byte that is no UTF-8."""
_JOINERS: Final = "\u200c\u200d"
"""Persian words and emoji are written with these two, and they turn nothing."""


def one_spelling(name: str) -> str:
    """The name in NFC: an accented letter is one character, whatever wrote it.

    macOS writes file names as letter and accent (NFD), Linux and Windows as they were typed.
    """
    return unicodedata.normalize("NFC", name)


def spellings(name: str) -> set[str]:
    """The spellings of one name that an earlier Kith may have stored: as given, NFC and NFD."""
    return {name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}


def is_text(name: str) -> bool:
    """Whether a file's name was UTF-8: Python reads each other byte as a lone surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def printable(name: str) -> str:
    """The name in one line that a terminal and a JSON file can hold; the rest is escaped."""
    return "".join(_escaped(each) if _is_unprintable(each) else each for each in name)


def _is_unprintable(character: str) -> bool:
    return unicodedata.category(character) in _UNPRINTABLE and character not in _JOINERS


def _escaped(character: str) -> str:
    """A byte that was no UTF-8 as two hexadecimal digits; any other character as its code."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
