"""The address of an action: scheme, host and port are fixed, and a template may follow. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from app.actions.escaping import check_percents
from app.actions.templates import Template

_URL: Final = re.compile(r"(https?|mqtts?)://([^/?#]*)(.*)", re.DOTALL)
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_PORTS: Final = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
_REST: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]*")


@dataclass(frozen=True, slots=True)
class Target:
    """An address in parts. ``host`` has no brackets; ``rest`` is path and query."""

    scheme: str
    host: str
    port: int
    rest: Template

    @classmethod
    def parse(cls, url: str, *schemes: str) -> "Target":
        """``ValueError`` says what is wrong with the address."""
        found = _URL.fullmatch(url)
        if found is None or found[1] not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{each}://' for each in schemes)}")
        if "@" in found[2]:
            raise ValueError("must have no user or password; name a secret in auth")
        place = _AUTHORITY.fullmatch(found[2])
        if place is None or not 0 < int(place[2] or 1) < 65536:
            raise ValueError("must have a host and maybe a port, without placeholders, after ://")
        rest = Template.parse(found[3])
        for literal in rest.literals:
            if not _REST.fullmatch(literal):
                raise ValueError(
                    "may have the characters of an address alone, in ASCII, others as %XX, and no #"
                )
        check_percents(rest)
        path = found[3].partition("?")[0]
        if {".", ".."} & set(path.lower().replace("%2e", ".").split("/")):
            raise ValueError("must not have . or .. in its path")
        port = int(place[2]) if place[2] else _PORTS[found[1]]
        return cls(found[1], place[1].strip("[]").lower(), port, rest)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"
