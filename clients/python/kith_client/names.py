"""Ids of people who are known by name: the same that ``kith enroll`` gives them."""

import hashlib
import re
import unicodedata
from typing import Final

_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_DIGITS: Final = 16
_MADE: Final = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LATIN: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "ħ": "h", "Ħ": "H"}
)


def id_of_name(name: str) -> str:
    """The id of a name in any script: ``Zoë Müller`` is ``Zoe-Muller-`` and 16 digits of a digest.

    A name that is an id is its own id, unless it ends like one that was made.
    """
    name = unicodedata.normalize("NFC", name)
    if re.fullmatch(_ID, name) and not _MADE.search(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    letters = unicodedata.normalize("NFKD", name.translate(_LATIN))
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    readable = _UNSAFE.sub("-", plain).strip("-._") or "person"
    return f"{readable[: 63 - _DIGITS]}-{digest}"
