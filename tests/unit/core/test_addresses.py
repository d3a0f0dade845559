"""The address of the client, behind proxies that are trusted and behind others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import TrustedProxies

PROXIES = "10.0.0.0/8, 192.0.2.7, fd00::/8"
CASES = {
    "no proxy": ("198.51.100.4", [], "198.51.100.4"),
    "a header from a stranger": ("198.51.100.4", ["203.0.113.9"], "198.51.100.4"),
    "one proxy": ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    "a trusted address of one": ("192.0.2.7", ["203.0.113.9"], "203.0.113.9"),
    "its neighbour": ("192.0.2.8", ["203.0.113.9"], "192.0.2.8"),
    "what the client itself wrote": ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
    "that in a header of its own": ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
    "two proxies": ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
    "two proxies and a lie": ("10.0.0.1", ["9.9.9.9,203.0.113.9 ,10.0.0.2"], "203.0.113.9"),
    "nothing but proxies": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    "no header": ("10.0.0.1", [], "10.0.0.1"),
    "an empty header": ("10.0.0.1", ["", " , "], "10.0.0.1"),
    "no address": ("10.0.0.1", ["203.0.113.9, unknown"], "10.0.0.1"),
    "no address further left": ("10.0.0.1", ["<script>, 10.0.0.2"], "10.0.0.2"),
    "a port": ("10.0.0.1", ["203.0.113.9:5123"], "203.0.113.9"),
    "IPv6": ("fd00::1", ["2001:db8::9"], "2001:db8::9"),
    "IPv6 in brackets": ("fd00::1", ["[2001:db8::9]:443"], "2001:db8::9"),
    "IPv6 written otherwise": ("FD00:0::0001", ["2001:0DB8:0::9"], "2001:db8::9"),
    "IPv6 with a zone": ("fd00::1%eth0", ["203.0.113.9"], "203.0.113.9"),
    "IPv4 in IPv6": ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
    "a peer that has no address": ("testclient", ["203.0.113.9"], "testclient"),
    "a Unix socket": (None, ["203.0.113.9"], "unix"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_client_is_the_last_whom_a_trusted_proxy_names(case: str) -> None:
    peer, forwarded, client = CASES[case]
    assert TrustedProxies.parse(PROXIES).client(peer, forwarded) == client


def test_where_nobody_is_trusted_the_peer_is_the_client() -> None:
    for peer in ("127.0.0.1", "::1", "10.0.0.1"):
        assert TrustedProxies.parse("").client(peer, ["203.0.113.9"]) == peer


def test_a_proxy_on_a_unix_socket_is_trusted_where_that_is_said() -> None:
    trusted = TrustedProxies.parse("unix,10.0.0.1")
    assert trusted.client(None, ["203.0.113.9"]) == "203.0.113.9"
    assert trusted.client("", ["203.0.113.9, 10.0.0.1"]) == "203.0.113.9"
    assert trusted.client(None, []) == "unix"
    assert trusted.client("198.51.100.4", ["203.0.113.9"]) == "198.51.100.4"


@pytest.mark.parametrize("network", ["::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "10.1.2.3/32"])
def test_a_network_is_the_same_in_either_way_to_write_it(network: str) -> None:
    assert TrustedProxies.parse(network).client("10.1.2.3", ["203.0.113.9"]) == "203.0.113.9"


@pytest.mark.parametrize(
    "wrong",
    ["*", "localhost", "proxy.example.com", "10.0.0.1/8", "10.0.0.0/33", "10.0.0", "1.2.3.4:80"],
)
def test_what_is_no_address_and_no_network_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match="neither an address, nor a network") as refused:
        TrustedProxies.parse(f"10.0.0.0/8, {wrong}")
    assert repr(wrong) in str(refused.value)


@given(
    peer=st.sampled_from(["10.0.0.1", "198.51.100.4", None, "fd00::2"]),
    forwarded=st.lists(st.text(st.characters(codec="latin-1"), max_size=60), max_size=4),
)
def test_whatever_is_sent_the_client_is_an_address(peer: str | None, forwarded: list[str]) -> None:
    client = TrustedProxies.parse(PROXIES).client(peer, forwarded)
    assert client == (peer or "unix") or all(c in "0123456789abcdef.:" for c in client)
