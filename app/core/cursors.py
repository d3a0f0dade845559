"""Cursors that clients cannot read or forge.

A cursor holds the internal key of the last row of a page, which counts what all tenants together
have made. So it is sealed with a secret of the caller's key and for the list that it is of: a
cursor of another key, of another list, or that was changed is none.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

_HALF: Final = 8  # bytes of the tag, and of the key
_TEXT: Final = 22  # characters of both in base64, without padding


def sealed(key: int, *, secret: str, listed: str) -> str:
    """The cursor for going on after the row ``key`` of a list."""
    plain = key.to_bytes(_HALF, "big")
    tag = _digest(secret, listed, b"tag", plain)
    hidden = _xor(plain, _digest(secret, listed, b"mask", tag))
    return base64.urlsafe_b64encode(tag + hidden).decode().rstrip("=")


def opened(cursor: str, *, secret: str, listed: str) -> int | None:
    """The key in a cursor that ``sealed`` gave; None where it gave no such cursor."""
    if len(cursor) != _TEXT:
        return None
    try:
        whole = base64.b64decode(f"{cursor}==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    plain = _xor(whole[_HALF:], _digest(secret, listed, b"mask", whole[:_HALF]))
    key = int.from_bytes(plain, "big")
    # Compared as text: in base64 several texts stand for the same bytes.
    return key if hmac.compare_digest(sealed(key, secret=secret, listed=listed), cursor) else None


def _digest(secret: str, listed: str, purpose: bytes, content: bytes) -> bytes:
    name = hashlib.sha256(listed.encode()).digest()
    return hmac.digest(secret.encode(), purpose + name + content, "sha256")[:_HALF]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
