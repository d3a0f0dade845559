"""Decides to which private addresses Kith may speak. Pure."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from app.egress.addresses import Address, Network, Reach, covers_never, plain, reach_of

_HOST: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


class Refused(Exception):
    """An address that Kith does not speak to; the text says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Networks, and hosts by name, whose private addresses may be spoken to."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Allowance":
        """Parse a list with commas; ``ValueError`` names the first entry that is not usable."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in (each.strip().lower() for each in text.split(",")):
            if not entry:
                continue
            if looks_numeric(entry.partition("/")[0]):
                networks.append(_network(entry))
            elif _HOST.fullmatch(entry.removesuffix(".")):
                hosts.add(entry.removesuffix("."))
            else:
                raise ValueError(
                    f"{entry!r} is neither a network such as 10.0.0.0/8, nor an address, nor the "
                    "name of a host"
                )
        return cls(tuple(networks), frozenset(hosts))

    @classmethod
    def checked(cls, text: str) -> str:
        """``text``, if it can be parsed; see there."""
        cls.parse(text)
        return text

    def check(self, host: str, address: Address) -> None:
        """``Refused`` where ``address``, found for ``host``, may not be spoken to."""
        reach, why = reach_of(address)
        shown = host if host == str(address) else f"{host} ({address})"
        if reach is Reach.NEVER:
            raise Refused(f"{shown} is never spoken to: its address is {why}")
        if reach is Reach.PRIVATE and not self._names(host, plain(address)):
            raise Refused(
                f"{shown} is private, and KITH_EGRESS_ALLOW does not name it; set it to a network "
                f"that has it, such as {_around(plain(address))}"
            )

    def _names(self, host: str, address: Address) -> bool:
        named = host.lower().removesuffix(".") in self.hosts
        return named or any(address in network for network in self.networks)


def looks_numeric(host: str) -> bool:
    """Whether this is an address, or digits that a C library reads as one: ``127.1``, ``0x7f.1``,
    ``2130706433``.
    """
    return ":" in host or _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def _network(entry: str) -> Network:
    try:
        network = ip_network(entry)
    except ValueError as error:
        why = f": {error}" if "host bits" in str(error) else ""
        raise ValueError(f"{entry!r} is neither an address nor a network{why}") from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = plain(network.network_address)
        network = IPv4Network(f"{mapped}/{network.prefixlen - _MAPPED.prefixlen}")
    if kind := covers_never(network):
        raise ValueError(f"{entry!r} is never spoken to: its addresses are {kind}")
    return network


def _around(address: Address) -> str:
    return f"{address}/{address.max_prefixlen}"
