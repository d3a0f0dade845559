"""The address of a broker, as a setting has it. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_URL: Final = re.compile(
    r"(?P<scheme>mqtts?)://((?P<user>[^@/?#:]+)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?/?"
)
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """The address of a broker in parts. ``host`` has no brackets."""

    host: str
    port: int
    user: str | None
    is_secure: bool

    @classmethod
    def parse(cls, url: str) -> "BrokerAddress":
        """``ValueError`` says what is wrong with the address, and does not repeat it."""
        found = _URL.fullmatch(url)
        if found is None or not 0 < int(found["port"] or 1) < 65536:
            raise ValueError(
                "it must be mqtt:// or mqtts:// with a host, such as mqtts://kith@10.0.0.5:8883; "
                "a password goes into KITH_MQTT_PASSWORD"
            )
        scheme, user = found["scheme"], found["user"]
        return cls(
            found["host"].strip("[]").lower(),
            int(found["port"] or _PORTS[scheme]),
            None if user is None else unquote(user),
            scheme == "mqtts",
        )

    @classmethod
    def checked(cls, url: str | None) -> str | None:
        """``url``, if it can be parsed; see there."""
        if url is not None:
            cls.parse(url)
        return url
