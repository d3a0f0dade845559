"""Identifiers that clients see: chosen by them or made here."""

import hashlib
import re
import secrets
import unicodedata
from typing import Final

from app.core.names import one_spelling, spellings

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Safe in a path, a file name and a log line; the contract promises it."""

_LONGEST: Final = 64
_DIGITS: Final = 16
"""Hexadecimal digits of the digest in an id made from a name. Two of a million names share 64 bits
with a chance of 3 in 100 million, so callers compare the names as well."""
_MADE: Final = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LATIN: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "ħ": "h", "Ħ": "H"}
)
"""Latin letters that Unicode does not take apart into a letter and a mark."""


def new_id(prefix: str) -> str:
    """A random id of 80 bits such as ``per-1f0c...``: unguessable, and no count of what exists."""
    return f"{prefix}-{secrets.token_hex(10)}"


def id_of_name(name: str) -> str:
    """The id of a name in any script, the same at all times: unlike names have unlike ids.

    A name that is an id is its own id. Any other becomes its Latin letters, for people to read,
    and a digest of the whole name in NFC: ``Zoë Müller`` is ``Zoe-Muller-`` and 16 digits. A name
    that ends like such an id gets a digest too, so that it cannot be taken for another name's id.
    """
    name = one_spelling(name)
    if re.fullmatch(ID_PATTERN, name) and not _MADE.search(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    room = _LONGEST - len("-") - _DIGITS
    return f"{_readable(name)[:room]}-{digest}"


def former_ids_of_name(name: str) -> list[str]:
    """The ids that Kith gave this name when it added no digest. Many names have the same, so such
    an id proves nothing; people who were enrolled then are still found under it.
    """
    made = (_UNSAFE.sub("-", each).strip("-._")[:_LONGEST] for each in spellings(name))
    return sorted({each or "person" for each in made})


def _readable(name: str) -> str:
    """The Latin letters, digits, dots and dashes of the name; ``person`` where there are none."""
    letters = unicodedata.normalize("NFKD", name.translate(_LATIN))
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return _UNSAFE.sub("-", plain).strip("-._") or "person"
