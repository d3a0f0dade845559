"""TLS towards a device. It trusts the authorities of this machine, one authority of the operator's,
or one certificate by its digest, which may then be self-signed.
"""

import hashlib
import hmac
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_KEPT_SECONDS: Final = 600
"""Seconds for which a context is used: reading the machine's authorities takes 22 ms of a core."""


class UntrustedCertificate(Exception):
    """The certificate is not the one whose digest was given."""


@dataclass(frozen=True, slots=True)
class Trust:
    """``authority``: PEM of certificates that may sign the device's. ``sha256``: hexadecimal
    digest of the device's own certificate in DER. At most one of both; neither: the machine's.
    """

    authority: str | None = None
    sha256: str | None = None

    def context(self) -> ssl.SSLContext:
        """The context for a connection, shared with others; ``ValueError`` where the PEM has no
        certificate.
        """
        return _context(self, int(time.monotonic() // _KEPT_SECONDS))

    def check(self, certificate: bytes | None) -> None:
        """``UntrustedCertificate`` where a digest was given and this, in DER, has another."""
        if self.sha256 is None:
            return
        found = hashlib.sha256(certificate or b"").hexdigest()
        if not hmac.compare_digest(found, self.sha256):
            raise UntrustedCertificate(
                f"the certificate of the device has the SHA-256 {found}, and not the given one"
            )


@lru_cache(maxsize=32)
def _context(trust: Trust, _period: int) -> ssl.SSLContext:
    if trust.sha256 is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # ``check`` is stricter, before anything is sent
        return context
    try:
        if trust.authority is None:
            return ssl.create_default_context()
        return ssl.create_default_context(cadata=trust.authority.encode("ascii").decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise ValueError("must be one or more certificates in PEM") from None
