"""A broker that a test may stop, and what comes from any broker."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.needed import lacking
from tests.support.waiting import wait_for

_EVENT = "application/cloudevents+json"


class Mosquitto:
    """A broker on a port of its own, which keeps nothing while it is down. ``lines`` are of its
    settings; without any it takes everybody of this machine.
    """

    def __init__(self, folder: Path, *lines: str) -> None:
        self._program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin") or ""
        if not self._program:
            lacking("no program mosquitto; install the package of this name")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._log = folder / "mosquitto.log"
        self._how = ["-p", str(self.port)]
        if lines:
            settings = folder / "mosquitto.conf"
            settings.write_text("\n".join([f"listener {self.port} 127.0.0.1", *lines, ""]))
            self._how = ["-c", str(settings)]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"mqtt://127.0.0.1:{self.port}"

    def up(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([self._program, *self._how], stdout=log, stderr=log)
        wait_for(self._answers)

    def down(self) -> None:
        """Stop like a power cut: no goodbye to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


class Listener:
    """Everything that a broker sends for some topics, in its order."""

    def __init__(self, url: str, *topics: str) -> None:
        self.heard: list[MQTTMessage] = []
        self._topics = topics
        self._subscribed = 0
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = self._greeted
        self.client.on_subscribe = self._taken
        self.client.on_message = lambda _client, _about, message: self.heard.append(message)
        self.client.reconnect_delay_set(1, 1)
        host, _, port = url.removeprefix("mqtt://").partition(":")
        self.client.connect(host, int(port))
        self.client.loop_start()
        self.until_subscribed(1)

    def until_subscribed(self, times: int) -> None:
        """Wait until it has connected and subscribed this many times."""
        wait_for(lambda: self._subscribed >= times)

    def until(self, topic: str, payload: bytes) -> None:
        """Wait until the last message on a topic is this."""
        wait_for(lambda: [each.payload for each in self.on(topic)][-1:] == [payload])

    def on(self, end: str) -> list[MQTTMessage]:
        """The messages whose topic ends so."""
        return [each for each in self.heard if each.topic.endswith(end)]

    def records(self) -> list[MQTTMessage]:
        """The events among them."""
        return [each for each in self.heard if _content_type(each) == _EVENT]

    def events(self) -> list[dict[str, Any]]:
        """The bodies of the events."""
        return [json.loads(each.payload) for each in self.records()]

    def _greeted(self, *_: object) -> None:
        self.client.subscribe([(each, 1) for each in self._topics])

    def _taken(self, *_: object) -> None:
        self._subscribed += 1


def forget(url: str, *topics: str) -> None:
    """Let the broker keep nothing for these topics."""
    kept = retained(url, *topics)
    with listening(url, "kith-test/end/#") as listener:
        sent = [listener.client.publish(each, b"", qos=1, retain=True) for each in kept]
        for each in sent:
            each.wait_for_publish(30)


def _content_type(message: MQTTMessage) -> str | None:
    return getattr(message.properties, "ContentType", None)


@contextmanager
def listening(url: str, *topics: str) -> Iterator[Listener]:
    listener = Listener(url, *topics)
    try:
        yield listener
    finally:
        listener.client.disconnect()
        listener.client.loop_stop()


def retained(url: str, *topics: str) -> dict[str, bytes]:
    """The retained messages for these topics, as ``mosquitto_sub --retained-only`` shows them.

    A message of our own comes after all of them.
    """
    with listening(url, *topics, "kith-test/end/#") as listener:
        mark = f"kith-test/end/{time.monotonic_ns()}"
        listener.client.publish(mark, b"", qos=1)
        wait_for(lambda: bool(listener.on(mark)))
        return {each.topic: bytes(each.payload) for each in listener.heard if each.retain}
