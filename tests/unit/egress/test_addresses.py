"""Private addresses are spoken to where they are named, and some are never."""

from ipaddress import ip_address

import pytest

from app.egress.addresses import Reach, reach_of
from app.egress.allowance import Allowance, Refused

EVERYTHING = Allowance.parse("0.0.0.0/0,::/0")

NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%1",
    "fd12::1%1",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "239.255.255.250",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:42::42",
    "fec0::1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "::169.254.169.254",
    "::10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::",
    "64:ff9b:1::a00:1",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2a00:1450::5efe:a9fe:a9fe",
    "2a00:1450::200:5efe:10.0.0.1",
]
PRIVATE = [
    "10.0.0.7",
    "172.16.3.4",
    "192.168.1.1",
    "127.0.0.1",
    "127.255.255.254",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fd12:3456::7",
    "::ffff:10.0.0.7",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:7",
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", NEVER)
def test_these_are_never_spoken_to_whatever_is_allowed(text: str) -> None:
    assert reach_of(ip_address(text))[0] is Reach.NEVER
    with pytest.raises(Refused, match="never"):
        EVERYTHING.check(text, ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_private_ones_are_spoken_to_only_where_they_are_named(text: str) -> None:
    assert reach_of(ip_address(text))[0] is Reach.PRIVATE
    EVERYTHING.check(text, ip_address(text))
    with pytest.raises(Refused, match="KITH_EGRESS_ALLOW"):
        Allowance().check(text, ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_ones_need_no_leave(text: str) -> None:
    Allowance().check(text, ip_address(text))


@pytest.mark.parametrize(
    ("allowed", "host", "address", "may"),
    [
        ("10.0.0.0/8", "lock", "10.1.2.3", True),
        ("10.0.0.0/8", "lock", "192.168.0.9", False),
        ("10.0.0.0/8", "10.1.2.3", "10.1.2.3", True),
        ("10.0.0.0/8", "lock", "::ffff:10.1.2.3", True),
        ("::ffff:10.0.0.0/104", "lock", "10.1.2.3", True),
        ("Lock.Example.Lan", "lock.example.lan", "192.168.0.9", True),
        ("lock.example.lan", "LOCK.example.lan.", "192.168.0.9", True),
        ("lock.example.lan", "other.example.lan", "192.168.0.9", False),
        ("lock.example.lan", "192.168.0.9", "192.168.0.9", False),
        (" 10.0.0.7 , fd12::/16", "panel", "fd12::8", True),
    ],
)
def test_a_network_or_a_name_gives_leave(allowed: str, host: str, address: str, may: bool) -> None:
    allowance = Allowance.parse(allowed)
    if may:
        allowance.check(host, ip_address(address))
    else:
        with pytest.raises(Refused):
            allowance.check(host, ip_address(address))


def test_a_name_gives_no_leave_to_what_is_never_spoken_to() -> None:
    with pytest.raises(Refused, match=r"metadata.example \(169.254.169.254\) is never spoken to"):
        Allowance.parse("metadata.example").check("metadata.example", ip_address("169.254.169.254"))


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("10.0.0.1/8", "host bits"),
        ("169.254.0.0/16", "never"),
        ("169.254.169.254", "never"),
        ("fe80::/10", "never"),
        ("fd00:ec2::254", "never"),
        ("127.1", "neither an address"),
        ("0x7f000001", "neither an address"),
        ("http://lock", "nor a network"),
        ("lock:8080", "neither"),
        ("*", "neither a network"),
    ],
)
def test_an_entry_that_gives_no_leave_is_refused_by_name(entry: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Allowance.parse(f"10.0.0.0/8,{entry}")
