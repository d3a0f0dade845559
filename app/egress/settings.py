"""The settings of calls to other machines."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

from app.egress.allowance import Allowance
from app.egress.broker import BrokerAddress

_PREFIX: Final = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"

AllowedPlaces = Annotated[
    str,
    AfterValidator(Allowance.checked),
    Field(
        description="Private networks, addresses and hosts, with commas, that Kith may call "
        "where an administrator names one, such as `10.0.0.0/8,lock.example.lan`; unset: none."
    ),
]
BrokerUrl = Annotated[
    str | None,
    AfterValidator(BrokerAddress.checked),
    Field(
        repr=False,
        description="Broker to which events are published, such as `mqtts://kith@10.0.0.5`; a "
        "private address must be in `KITH_EGRESS_ALLOW`; unset: none.",
    ),
]
BrokerPassword = Annotated[
    SecretStr | None, Field(min_length=1, description="Password of the user in `KITH_MQTT_URL`.")
]
BrokerAuthority = Annotated[
    Path | None,
    Field(
        description="File of the certificates (PEM) that sign the broker's; unset: those that the "
        "machine trusts."
    ),
]
TopicPrefix = Annotated[
    str,
    Field(
        pattern=_PREFIX,
        max_length=64,
        description="First part of every topic; of its own for each Kith that shares a broker.",
    ),
]
DiscoveryPrefix = Annotated[
    str,
    Field(
        pattern=_PREFIX,
        max_length=64,
        description="Home Assistant's prefix of discovery; `off`: doors are not announced to it.",
    ),
]
