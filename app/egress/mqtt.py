"""One message to an MQTT 5 broker that a client named: to the checked address, before a deadline,
at most once.
"""

import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Final, cast

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from app.egress.dialling import Deadline, Egress
from app.egress.failures import CallFailed, NotConnected
from app.egress.trust import Trust, UntrustedCertificate

_STEP: Final = 0.05
_KEEPALIVE: Final = 60


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker, and who speaks to it. ``trust``: None where there is no TLS."""

    host: str
    port: int
    trust: Trust | None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message that the broker holds for nobody: not retained, and dropped ``expires`` seconds
    from now, which MQTT counts whole.
    """

    topic: str
    payload: bytes
    content_type: str
    expires: float


def publish(egress: Egress, broker: Broker, message: Message, deadline: Deadline) -> None:
    """Send the message with QoS 0: QoS 1 may deliver one twice. ``Refused`` for an address that is
    not allowed; else ``CallFailed``.
    """
    try:
        _publish(egress, broker, message, deadline)
    except UntrustedCertificate as error:
        raise CallFailed(str(error), sent=False) from None
    except TimeoutError:
        raise CallFailed("the time was over before the broker took it", sent=False) from None
    except ssl.SSLError as error:
        raise CallFailed(str(error), sent=False) from None
    except OSError as error:
        raise NotConnected(str(error)) from None


def _publish(egress: Egress, broker: Broker, message: Message, deadline: Deadline) -> None:
    failed = OSError("there is no address")
    for address in egress.addresses(broker.host, broker.port, deadline):
        client = _client(broker, deadline)
        greetings: list[ReasonCode] = []
        client.on_connect = lambda *about: greetings.append(about[3])  # noqa: B023 - called below
        try:
            client.connect(str(address), broker.port, keepalive=_KEEPALIVE, clean_start=True)
        except (TimeoutError, ssl.SSLError):
            raise
        except OSError as error:
            failed = error
            continue
        _deliver(client, greetings, message, deadline)
        return
    raise failed


def _client(broker: Broker, deadline: Deadline) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
    )
    client.connect_timeout = deadline.left()
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    if broker.trust is not None:
        client.tls_set_context(cast("Any", _NamedContext(broker.host, broker.trust)))
    return client


def _deliver(
    client: Client, greetings: list[ReasonCode], message: Message, deadline: Deadline
) -> None:
    while not greetings:
        _step(client, deadline)
    if greetings[0].is_failure:
        raise CallFailed(f"the broker refused: {greetings[0]}", sent=False)
    about = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    about.MessageExpiryInterval = max(1, int(message.expires))
    about.ContentType = message.content_type
    sent = client.publish(message.topic, message.payload, qos=0, retain=False, properties=about)
    while not sent.is_published():
        _step(client, deadline)
    client.disconnect()
    # The broker closes the connection once it has read all of it.
    end = time.monotonic() + 1.0
    while client.loop(_STEP) == MQTTErrorCode.MQTT_ERR_SUCCESS and time.monotonic() < end:
        pass


def _step(client: Client, deadline: Deadline) -> None:
    code = client.loop(min(_STEP, deadline.left()))
    if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
        raise CallFailed("the broker closed the connection", sent=False)


class _NamedContext:
    """A TLS context for paho, which dials an address: the certificate is that of the name."""

    check_hostname = True  # so that paho does not look for the address in the certificate

    def __init__(self, host: str, trust: Trust) -> None:
        self._host = host
        self._trust = trust
        self._context = trust.context()

    def wrap_socket(self, connection: socket.socket, **_: object) -> ssl.SSLSocket:
        """A connection that has been made and checked."""
        secured = self._context.wrap_socket(connection, server_hostname=self._host)
        self._trust.check(secured.getpeercert(binary_form=True))
        return secured
