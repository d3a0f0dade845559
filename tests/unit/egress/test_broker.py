"""The address of a broker in a setting."""

import pytest

from app.egress.broker import BrokerAddress


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mqtt://10.0.0.5", ("10.0.0.5", 1883, None, False)),
        ("mqtts://kith@Broker.lan", ("broker.lan", 8883, "kith", True)),
        ("mqtts://a%40b@[fd00::5]:8884/", ("fd00::5", 8884, "a@b", True)),
    ],
)
def test_an_address_has_host_port_and_user(url: str, parts: tuple[object, ...]) -> None:
    found = BrokerAddress.parse(url)
    assert (found.host, found.port, found.user, found.is_secure) == parts


@pytest.mark.parametrize(
    "url",
    ["10.0.0.5:1883", "http://10.0.0.5", "mqtt://", "mqtt://a:b@c", "mqtt://a:70000", "mqtt://a/b"],
)
def test_no_other_address_is_taken_and_a_password_is_never_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="KITH_MQTT_PASSWORD") as failed:
        BrokerAddress.parse(url)
    assert "a:b" not in str(failed.value)
