"""TLS towards a device: by the authorities that the machine trusts, by one of the operator's own,
or by the digest of the device's certificate, which may then be self-signed.
"""

import hashlib
import hmac
import ssl
from dataclasses import dataclass


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
        """The context for a connection; ``ValueError`` where the PEM has no certificate."""
        if self.sha256 is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # ``check`` is stricter, before anything is sent
            return context
        try:
            if self.authority is None:
                return ssl.create_default_context()
            return ssl.create_default_context(cadata=self.authority.encode("ascii").decode("ascii"))
        except (ssl.SSLError, ValueError):
            raise ValueError("must be one or more certificates in PEM") from None

    def check(self, certificate: bytes | None) -> None:
        """``UntrustedCertificate`` where a digest was given and this, in DER, has another."""
        if self.sha256 is None:
            return
        found = hashlib.sha256(certificate or b"").hexdigest()
        if not hmac.compare_digest(found, self.sha256):
            raise UntrustedCertificate(
                f"the certificate of the device has the SHA-256 {found}, and not the given one"
            )
