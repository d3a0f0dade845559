"""One message to an MQTT 5 broker that a client named: to the checked address, before a deadline,
at most once.
"""

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
KEEPALIVE: Final = 60
"""Seconds."""


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
    """A message that the broker keeps for nobody: not retained, and dropped at ``until``, in whole
    seconds, as MQTT counts.
    """

    topic: str
    payload: bytes
    content_type: str
    until: Deadline


def publish(egress: Egress, broker: Broker, message: Message, deadline: Deadline) -> None:
    """Send the message with QoS 0: QoS 1 may deliver one twice. ``Refused`` for an address that is
    not allowed; else ``CallFailed``.
    """
    with in_words():
        client, _ = greeted_client(egress, broker, deadline)
    try:
        _deliver(client, message, deadline)
    except (CallFailed, OSError) as error:  # it may have been written, and is not sent again
        raise CallFailed(f"the connection broke while it was sent: {error}", sent=True) from None


@contextmanager
def in_words() -> Iterator[None]:
    """Every failure as ``CallFailed``, but for ``Refused``."""
    try:
        yield
    except UntrustedCertificate as error:
        raise CallFailed(str(error), sent=False) from None
    except TimeoutError:
        raise CallFailed("the time was over before the broker took it", sent=False) from None
    except ssl.SSLError as error:
        raise CallFailed(str(error), sent=False) from None
    except OSError as error:
        raise NotConnected(str(error)) from None


def greeted_client(
    egress: Egress,
    broker: Broker,
    deadline: Deadline,
    *,
    client_id: str = "",
    prepare: Callable[[Client], None] | None = None,
) -> tuple[Client, Properties | None]:
    """A client that a broker has accepted, and the properties that the broker sent. ``prepare`` is
    called before it connects. Raises errors that ``in_words`` translates.
    """
    failed = OSError("there is no address")
    for address in egress.addresses(broker.host, broker.port, deadline):
        client = _client(broker, deadline, client_id)
        if prepare is not None:
            prepare(client)
        greetings: list[tuple[ReasonCode, Properties | None]] = []
        client.on_connect = lambda *about: greetings.append(about[3:])  # noqa: B023 - called below
        try:
            client.connect(str(address), broker.port, keepalive=KEEPALIVE, clean_start=True)
        except (TimeoutError, ssl.SSLError):
            raise
        except OSError as error:
            failed = error
            continue
        try:
            while not greetings:
                step(client, deadline)
        except CallFailed:
            if not greetings:  # else it was refused, and then hung up on
                raise
        reason, about = greetings[0]
        if reason.is_failure:
            raise CallFailed(f"the broker refused: {reason}", sent=False)
        return client, about
    raise failed


def _client(broker: Broker, deadline: Deadline, client_id: str) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
    )
    client.connect_timeout = deadline.left()
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    if broker.trust is not None:
        client.tls_set_context(cast("Any", _NamedContext(broker.host, broker.trust)))
    return client


def _deliver(client: Client, message: Message, deadline: Deadline) -> None:
    about = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    about.MessageExpiryInterval = max(1, int(message.until.left()))
    about.ContentType = message.content_type
    sent = client.publish(message.topic, message.payload, qos=0, retain=False, properties=about)
    while not sent.is_published():
        step(client, deadline)
    client.disconnect()
    # The broker closes the connection once it has read all of it.
    end = time.monotonic() + 1.0
    while pumped(client, _STEP) and time.monotonic() < end:
        pass


def step(client: Client, deadline: Deadline) -> None:
    """Let the client read and write for a moment; ``CallFailed`` where the connection has ended."""
    if not pumped(client, min(_STEP, deadline.left())):
        raise CallFailed("the broker closed the connection", sent=False)


def pumped(client: Client, seconds: float) -> bool:
    """Let the client read what comes and write what waits, for at most ``seconds``; False once the
    connection has ended.

    It is not paho's own loop, whose ``select`` fails from the descriptor 1024 on.
    """
    connection: Any = client.socket()
    if connection is None:
        return False
    ready = select.poll()
    ready.register(connection, select.POLLIN | (select.POLLOUT * client.want_write()))
    pending = hasattr(connection, "pending") and connection.pending() > 0  # read by TLS already
    events = ready.poll(0 if pending else max(0.0, seconds) * 1000)
    happened = events[0][1] if events else 0
    codes = [client.loop_misc()]
    if happened & select.POLLOUT:
        codes.append(client.loop_write())
    if pending or happened & ~select.POLLOUT:
        codes.append(client.loop_read())
    return all(code == MQTTErrorCode.MQTT_ERR_SUCCESS for code in codes)


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
