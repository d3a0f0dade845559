"""Seals bytes to a public key, so that only the holder of the private key can open them.

The sealed boxes of libsodium (X25519, XSalsa20-Poly1305): each has a key of its own that is thrown
away, so not even the sender can open it. A box that was changed does not open.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from app.errors import InvalidRequest

_PUBLIC: Final = "kith-public-"
_PRIVATE: Final = "kith-private-"
_SIZE: Final = 32
_CHECK: Final = 4
"""Bytes of a digest after a key's own, so that a mistyped key is no key."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A new pair of keys, as text."""

    public: str
    private: str


def new_pair() -> Pair:
    """A new random pair of keys."""
    from nacl.public import PrivateKey  # here, as most processes seal nothing

    key = PrivateKey.generate()
    return Pair(_written(_PUBLIC, bytes(key.public_key)), _written(_PRIVATE, bytes(key)))


def checked_public(text: str) -> str:
    """``text`` without blanks at its ends; ``ValueError`` where it is no public key."""
    text = text.strip()
    if text.startswith(_PRIVATE):
        raise ValueError(
            "this is the private key, which opens: keep it off this machine, make another pair, "
            "and give the public one"
        )
    _read(_PUBLIC, text)
    return text


def name_of(public: str) -> str:
    """The name of a public key: 16 hex digits of its SHA-256."""
    return hashlib.sha256(_read(_PUBLIC, public)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Box:
    """Sealed ``content``, and the name of the public key that it was sealed ``to``."""

    to: str
    content: bytes


class Sealer:
    """Seals to one public key; ``ValueError`` where it is none. Thread-safe."""

    def __init__(self, public: str) -> None:
        from nacl.exceptions import CryptoError
        from nacl.public import PublicKey, SealedBox

        self._box = SealedBox(PublicKey(_read(_PUBLIC, public)))
        self._name = name_of(public)
        try:
            self.seal(b"")
        except (CryptoError, RuntimeError):
            raise ValueError("nothing can be sealed to this key; make another pair") from None

    def seal(self, content: bytes) -> Box:
        """``content`` sealed, 48 bytes longer."""
        return Box(self._name, bytes(self._box.encrypt(content)))


class Opener:
    """Opens with one private key; ``name`` is that of its public key."""

    def __init__(self, private: str) -> None:
        from nacl.public import PrivateKey, SealedBox

        try:
            key = PrivateKey(_read(_PRIVATE, private.strip()))
        except ValueError as error:
            raise InvalidRequest(f"The private key is not usable: {error}.") from None
        self._box = SealedBox(key)
        self.name = hashlib.sha256(bytes(key.public_key)).hexdigest()[:16]

    def open(self, sealed: bytes) -> bytes | None:
        """The content; None where it was sealed to another key, or changed since."""
        from nacl.exceptions import CryptoError

        try:
            return bytes(self._box.decrypt(sealed))
        except CryptoError:
            return None


def _written(kind: str, key: bytes) -> str:
    return kind + base64.urlsafe_b64encode(key + _check(kind, key)).decode()


def _read(kind: str, text: str) -> bytes:
    """The bytes of a key of this kind; ``ValueError`` where the text is none."""
    if not text.startswith(kind):
        raise ValueError(f"it must be one that `kith audit evidence keys` made, and begin {kind!r}")
    try:
        found = base64.b64decode(text.removeprefix(kind), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    key = found[:_SIZE]
    if len(found) != _SIZE + _CHECK or found[_SIZE:] != _check(kind, key):
        raise ValueError("it was cut off or mistyped; copy the whole key")
    return key


def _check(kind: str, key: bytes) -> bytes:
    return hashlib.sha256(kind.encode() + key).digest()[:_CHECK]
