"""Signs a body as Standard Webhooks 1.0 says, by the library of that project."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook as Signer

_PREFIX: Final = "whsec_"
_LEAST, _MOST = 24, 64
"""Bytes of a secret, by the standard."""


def check_secret(secret: str) -> str:
    """``secret``, if it has the form of the standard; ``ValueError`` else, which does not repeat
    it. The library takes any text: it leaves out characters that are not base64, and a short word
    is a key of a few bytes.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not secret.startswith(_PREFIX) or not _LEAST <= len(key) <= _MOST:
        raise ValueError(
            f"must be {_PREFIX} and the base64 of {_LEAST} to {_MOST} random bytes, as "
            f'`echo "{_PREFIX}$(openssl rand -base64 32)"` makes it'
        )
    return secret


def signed_headers(
    secrets: Sequence[str], *, event_id: str, body: str, now: datetime
) -> dict[str, str]:
    """The headers by which a receiver verifies the body, with one signature of each secret."""
    at = now.astimezone(UTC)  # the library takes any time for UTC
    signatures = [Signer(each).sign(event_id, at, body) for each in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
