"""A lasting connection to an MQTT 5 broker: messages are sent with QoS 1, and acknowledged."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.egress.dialling import Deadline, Egress
from app.egress.failures import CallFailed
from app.egress.mqtt import Broker, greeted_client, in_words, pumped

_WINDOW: Final = 20
"""Messages without an acknowledgement at once; paho's own bound. A broker may allow fewer."""
_SILENT_SECONDS: Final = 20.0
_GOODBYE_SECONDS: Final = 1.0
_HEADERS: Final = 9
"""The most bytes of a packet apart from the topic, the properties and the payload."""
_MOST_OF_TOPIC: Final = 65_535
"""Bytes."""
_NOT_RETAINED = SubscribeOptions.RETAIN_DO_NOT_SEND


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a topic. ``expires`` are seconds after which the broker drops it, None: never;
    ``properties`` are names and values that any subscriber gets with it.
    """

    topic: str
    payload: bytes
    content_type: str | None = None
    expires: int | None = None
    qos: int = 1
    retain: bool = False
    properties: tuple[tuple[str, str], ...] = ()


class Link:
    """A connection to ``broker``. When it ends, the broker publishes ``will``, unless it was
    closed. For one thread. Every method raises ``CallFailed`` once the connection has ended.
    """

    def __init__(
        self, egress: Egress, broker: Broker, deadline: Deadline, *, client_id: str, will: Message
    ) -> None:
        """``Refused`` for an address that is not allowed; ``CallFailed`` where none answers."""
        self.heard: deque[tuple[str, bytes]] = deque()
        self._refused: dict[int, str] = {}
        self._goodbye: str | None = None

        def prepare(client: Client) -> None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
            client.on_message = self._hear
            client.on_publish = self._judge
            client.on_disconnect = self._part

        with in_words():
            self._client, about = greeted_client(
                egress, broker, deadline, client_id=client_id, prepare=prepare
            )
        self._window = min(_WINDOW, getattr(about, "ReceiveMaximum", _WINDOW))
        self._most_bytes = getattr(about, "MaximumPacketSize", None)

    def subscribe(self, topic: str) -> None:
        """Subscribe to ``topic``, and put its messages into ``heard``."""
        options = SubscribeOptions(qos=0, retainHandling=_NOT_RETAINED)
        self._client.subscribe(topic, options=options)

    def deliver(self, messages: Sequence[Message]) -> list[tuple[Message, str]]:
        """Send messages in their order, and wait until the broker has them.

        Returns those that the broker refused, or said that it would, each with its reason. Those of
        QoS 0 are waited for until they are written.
        """
        refused: list[tuple[Message, str]] = []
        for start in range(0, len(messages), self._window):
            sent: list[tuple[Any, Message]] = []
            for each in messages[start : start + self._window]:
                about = _about(each)
                if not is_topic(each.topic):
                    refused.append((each, "it is no topic"))
                    continue
                size = _size(each, about)
                if self._most_bytes is not None and size > self._most_bytes:
                    # It would end the connection, and that of every further attempt.
                    refused.append((each, f"the broker takes {self._most_bytes:,} bytes"))
                else:
                    sent.append((self._send(each, about), each))
            end = time.monotonic() + _SILENT_SECONDS
            while not all(of.is_published() for of, _ in sent):
                if time.monotonic() > end:
                    raise CallFailed("the broker acknowledges nothing", sent=True)
                self.pump(end - time.monotonic())
            reasons = ((each, self._refused.pop(of.mid, None)) for of, each in sent)
            refused += [(each, reason) for each, reason in reasons if reason is not None]
        return refused

    def pump(self, seconds: float) -> None:
        """Read and write for at most ``seconds``."""
        if not pumped(self._client, seconds):
            raise self._ended()

    def close(self) -> None:
        """Disconnect from the broker; never raises."""
        self._client.disconnect()
        end = time.monotonic() + _GOODBYE_SECONDS
        try:  # the broker closes the connection once it has read all of it
            while (left := end - time.monotonic()) > 0:
                self.pump(left)
        except (CallFailed, OSError, ValueError):
            pass

    def drop(self) -> None:
        """End the connection without a goodbye, so that the broker publishes the will; never
        raises.
        """
        if (connection := self._client.socket()) is not None:
            connection.close()

    def _send(self, message: Message, about: Properties) -> Any:  # noqa: ANN401 - paho's
        sent = self._client.publish(
            message.topic, message.payload, message.qos, message.retain, about
        )
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._ended()
        return sent

    def _ended(self) -> CallFailed:
        why = "the broker closed the connection"
        return CallFailed(f"{why}: {self._goodbye}" if self._goodbye else why, sent=False)

    def _hear(self, _client: object, _about: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def _judge(self, *about: Any) -> None:  # noqa: ANN401 - paho's
        _client, _data, mid, reason, _properties = about
        if reason.is_failure:
            self._refused[mid] = str(reason)

    def _part(self, *about: Any) -> None:  # noqa: ANN401 - paho's
        _client, _data, _flags, reason, _properties = about
        if reason.is_failure:
            self._goodbye = str(reason)


def is_topic(text: object) -> bool:
    """Whether a message can be sent to this topic (MQTT 5, 4.7)."""
    if not isinstance(text, str) or not text or set("+#\0") & set(text):
        return False
    try:
        return len(text.encode()) <= _MOST_OF_TOPIC
    except UnicodeEncodeError:
        return False


def _about(message: Message) -> Properties:
    about = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if message.content_type is not None:
        about.ContentType = message.content_type
    if message.expires is not None:
        about.MessageExpiryInterval = message.expires
    if message.properties:
        about.UserProperty = list(message.properties)
    return about


def _size(message: Message, about: Properties) -> int:
    """Bytes of the message's packet, at most."""
    packed: bytes = about.pack()  # type: ignore[no-untyped-call]
    return _HEADERS + len(message.topic.encode()) + len(packed) + len(message.payload)
