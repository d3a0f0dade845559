"""Identifiers that clients see: chosen by them or made here."""

import secrets
from typing import Final

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Safe in a path, a file name and a log line; the contract promises it."""


def new_id(prefix: str) -> str:
    """A random id of 80 bits such as ``per-1f0c...``: unguessable, and no count of what exists."""
    return f"{prefix}-{secrets.token_hex(10)}"
