"""``image_id``: a face's number in its collection as a UUID, there and back, without a table. Pure.

The UUID is of version 8 (RFC 9562): 60 bits that stand for the collection, then the number. An id
of another collection, or of one that was deleted and made again, names no face.
"""

import hashlib
from datetime import UTC
from typing import Final
from uuid import UUID

from app.gallery.models import Collection

_TAG_BITS: Final = 60
_NUMBER_BITS: Final = 62
_MOST: Final = 1 << _NUMBER_BITS


def image_id(owner: Collection, number: int) -> UUID:
    """The id of the face of this ``number``, from 1 to 2^62 - 1."""
    tag = _tag(owner)
    version, variant = 0x8 << 12, 0b10 << _NUMBER_BITS
    high = (tag >> 12 << 16) | version | (tag & 0xFFF)
    return UUID(int=(high << 64) | variant | number)


def number_of(owner: Collection, given: str) -> int | None:
    """The number of the face that an id names in this collection; None where it names none."""
    try:
        number = UUID(given).int % _MOST
        found = image_id(owner, number)
    except ValueError:
        return None
    return number if found == UUID(given) else None


def _tag(owner: Collection) -> int:
    """The bits of a collection. They are the same in every copy of it that a backup makes."""
    made = owner.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    digest = hashlib.sha256(f"{owner.id}\n{made}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _TAG_BITS)
