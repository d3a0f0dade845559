"""The kind of place that an address is. Pure.

Sources: the IANA special-purpose address registries (RFC 6890), RFC 6052 (addresses of IPv4 inside
IPv6), and the pages of cloud providers on their metadata services.
"""

from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Reach(Enum):
    """The kind of machine behind an address."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


_METADATA: Final = frozenset(
    map(
        ip_address,
        (
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure, a public address that every machine there reaches
            "192.0.0.192",  # Oracle
            "fd00:ec2::254",  # Amazon
            "fd00:ec2::253",  # Amazon's resolver
            "fd20:ce::254",  # Google
            "fd00:42::42",  # Scaleway
            "fd00:c1::a9fe:a9fe",  # Oracle
        ),
    )
)
"""Networks other than the link-local ones, which are refused whole."""
_NEVER: Final[dict[str, tuple[Network, ...]]] = {
    name: tuple(map(ip_network, networks))
    for name, networks in {
        "link-local": ("169.254.0.0/16", "fe80::/10"),
        "unspecified": ("0.0.0.0/8", "::/128"),
        "multicast": ("224.0.0.0/4", "ff00::/8"),
        "reserved": ("240.0.0.0/4", "fec0::/10", "100::/64"),
        # These hide an IPv4 address, and nothing that a door needs has one.
        "a tunnel": ("2001::/32", "2002::/16", "64:ff9b:1::/48", "::ffff:0:0:0/96"),
    }.items()
}
_MAPPED: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""Networks of IPv6 with an IPv4 address in the last 32 bits: mapped, and translated by NAT64."""
_COMPATIBLE: Final = IPv6Network("::/96")
_LOOPBACK: Final = IPv6Address("::1")
_ISATAP: Final = frozenset({bytes.fromhex("00005efe"), bytes.fromhex("02005efe")})


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or ``address`` itself."""
    if isinstance(address, IPv6Address) and any(address in each for each in _MAPPED):
        return IPv4Address(address.packed[12:])
    return address


def reach_of(address: Address) -> tuple[Reach, str]:
    """The reach of an address, with a word on why."""
    address = plain(address)
    if address in _METADATA:
        return Reach.NEVER, "a cloud's metadata service"
    for name, networks in _NEVER.items():
        if any(address in network for network in networks):
            return Reach.NEVER, name
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return Reach.NEVER, "bound to one link"
        if address.packed[8:12] in _ISATAP or (address in _COMPATIBLE and address != _LOOPBACK):
            return Reach.NEVER, "a tunnel"
    if address.is_loopback:
        return Reach.PRIVATE, "this machine itself"
    return (Reach.PUBLIC, "public") if address.is_global else (Reach.PRIVATE, "private")


def covers_never(network: Network) -> str | None:
    """The kind of a network none of whose addresses is ever spoken to; None for others."""
    for name, networks in _NEVER.items():
        for each in networks:
            if each.version == network.version and network.subnet_of(each):  # type: ignore[arg-type]
                return name
    alone = network.num_addresses == 1 and network.network_address in _METADATA
    return "a cloud's metadata service" if alone else None
