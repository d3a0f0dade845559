"""Finds the address of a client behind proxies. Pure.

A proxy writes the address of its own peer at the right end of ``X-Forwarded-For``; anybody may have
written the entries further left. So the header is read from the right, and only as far as proxies
that the operator trusts have written it. ``Forwarded`` (RFC 7239) is not read: if a proxy passes
one of the two headers on unseen, a client could choose which one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network
UNIX: Final = "unix"
"""The address of a peer on a Unix socket, and the word that trusts such peers."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Peers whose ``X-Forwarded-For`` is believed: addresses, networks, and Unix sockets."""

    networks: tuple[_Network, ...] = ()
    unix: bool = False

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """Parse a list with commas; ``ValueError`` names the first entry that is not usable."""
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        networks = tuple(_network(entry) for entry in entries if entry != UNIX)
        return cls(networks, UNIX in entries)

    @classmethod
    def checked(cls, text: str) -> str:
        """``text``, if it can be parsed; see there."""
        cls.parse(text)
        return text

    def client(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """The address of the client behind ``peer``, given each ``X-Forwarded-For`` in order.

        An entry that is no address ends the reading: the last address that is known is the answer.
        """
        found = _address(peer or "")
        if not self._trusts(found, peer):
            return _shown(found, peer)
        for entry in reversed([each for line in forwarded for each in line.split(",")]):
            if (before := _address(entry.strip())) is None:
                break
            found = before
            if not self._trusts(found, None):
                break
        return _shown(found, peer)

    def is_secure(self, scheme: str, peer: str | None, forwarded: Sequence[str]) -> bool:
        """Whether the client came by https, given the ``scheme`` of the connection from ``peer``
        and each ``X-Forwarded-Proto`` in order, which a trusted peer alone may send.
        """
        if scheme == "https":
            return True
        first = ",".join(forwarded).partition(",")[0].strip().lower()
        return first == "https" and self._trusts(_address(peer or ""), peer)

    def _trusts(self, address: _Address | None, peer: str | None) -> bool:
        if address is None:
            return self.unix and not peer
        return any(address in network for network in self.networks)


NOBODY: Final = TrustedProxies()


def _shown(address: _Address | None, peer: str | None) -> str:
    return (peer or UNIX) if address is None else str(address)


def _network(entry: str) -> _Network:
    try:
        network = ip_network(entry)
    except ValueError as error:
        why = f": {error}" if "host bits" in str(error) else ""
        raise ValueError(
            f"{entry!r} is neither an address, nor a network such as 10.0.0.0/8, nor "
            f"{UNIX!r}{why}; names are not looked up"
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        address = network.network_address.ipv4_mapped
        return IPv4Network(f"{address}/{network.prefixlen - _MAPPED.prefixlen}")
    return network


def _address(text: str) -> _Address | None:
    """Parse an address as proxies write it: port optional, IPv6 in brackets or bare."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
