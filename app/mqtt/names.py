"""The topics, and the ids that Home Assistant takes. Pure."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9-]+")
_LEVEL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}|\{[a-z]+\}")
"""An id, or in a document a place for one."""
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_-]")
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Names:
    """Topics below ``prefix``; ``discovery`` is Home Assistant's own prefix, None without it.

    Ids of Kith have no character with a meaning in topics. ``ValueError`` for other ids, which
    somebody wrote into the database: no broker takes them.
    """

    prefix: str
    discovery: str | None

    @classmethod
    def by(cls, prefix: str, discovery: str) -> "Names":
        """The topics for two settings; a discovery prefix of ``off`` means no discovery."""
        return cls(prefix, None if discovery == "off" else discovery)

    @property
    def status(self) -> str:
        """The topic that says whether Kith is there."""
        return f"{self.prefix}/status"

    @property
    def birth(self) -> str | None:
        """The topic on which Home Assistant says that it has started."""
        return None if self.discovery is None else f"{self.discovery}/status"

    @property
    def client_id(self) -> str:
        """The client id, the same for all replicas: the broker ends an older connection for a newer
        one, so that the will of a replica that died does not come after the greeting of the next.
        """
        return f"kith-{_digest(self.prefix)}"

    def door(self, collection: str, door: str, what: str) -> str:
        """A topic of a door."""
        return f"{self.prefix}/v1/{_level(collection)}/doors/{_level(door)}/{_level(what)}"

    def event(self, kind: str, *, collection: str | None, door: str | None) -> str:
        """The topic of an event of this type, such as ``door.decision``."""
        if collection is None:
            return f"{self.prefix}/site/events/{_level(kind)}"
        if door is not None:
            return self.door(collection, door, kind.rpartition(".")[2])
        return f"{self.prefix}/v1/{_level(collection)}/events/{_level(kind)}"

    def device(self, collection: str, door: str) -> str:
        """The id of a door for Home Assistant, which takes ``[a-zA-Z0-9_-]`` alone.

        Other characters become ``_``, and a digest keeps such ids apart; so it does where an id has
        a ``_``, which could as well be the one between the parts.
        """
        parts = (self.prefix, collection, door)
        joined = _NOT_ALLOWED.sub("_", "_".join(parts))
        if all(_PLAIN.fullmatch(each) for each in parts):
            return joined
        return f"{joined}_{_digest('/'.join(parts))}"

    def config(self, collection: str, door: str) -> str | None:
        """The topic on which a door is announced; None without discovery."""
        if self.discovery is None:
            return None
        return f"{self.discovery}/device/{self.device(collection, door)}/config"


def _level(text: str) -> str:
    if not _LEVEL.fullmatch(text):
        raise ValueError("it has an id that is none")
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
