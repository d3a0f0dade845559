"""Compares messages with the AsyncAPI document of the service."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft7Validator, Draft202012Validator
from paho.mqtt.client import MQTTMessage

Part = dict[str, Any]
_SCHEMA: Final = Path(__file__).parent / "asyncapi-3.0.0.gz"
_SHA256: Final = "abe96881dbfaad495ccbb6bd8d3fb43ca18a13b9d7564849ccb66f39d5e5b20f"


def faults_of(document: Part) -> list[str]:
    """The places where a document does not follow AsyncAPI 3.0.0, by the schema that its authors
    publish; NOTICE says where that is from.
    """
    text = gzip.decompress(_SCHEMA.read_bytes())
    assert hashlib.sha256(text).hexdigest() == _SHA256
    validator = Draft7Validator(json.loads(text))
    return [f"{each.json_path}: {each.message[:300]}" for each in validator.iter_errors(document)]


def faults(schema: Part, value: object) -> list[str]:
    """The places where a value does not follow a whole schema, or has a field that the schema does
    not name."""
    return _faults(_closed(schema), value)


def _faults(closed: Part, value: object) -> list[str]:
    formats = Draft202012Validator.FORMAT_CHECKER
    found = Draft202012Validator(closed, format_checker=formats).iter_errors(value)
    return [f"{each.json_path}: {each.message[:300]}" for each in found]


class Described:
    """The channels of ``document``; what holds is what one of their messages allows."""

    def __init__(self, document: Part) -> None:
        self._document = document
        self._components = _closed(document["components"])
        self.channels: dict[str, Part] = document["channels"]
        self._topics: dict[str, re.Pattern[str]] = {
            name: re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(channel["address"])))
            for name, channel in self.channels.items()
            if {"$ref": "#/servers/broker"} in channel["servers"]
        }

    @property
    def topics(self) -> set[str]:
        """The names of the channels that are topics."""
        return set(self._topics)

    def holds(self, channel: str, value: object, headers: Part | None = None) -> str:
        """The name of the message of a channel that a payload and its headers are."""
        found = {
            name: [*self._faults(message["payload"], value), *self._of_headers(message, headers)]
            for name, message in self.channels[channel]["messages"].items()
        }
        fitting = [name for name, wrong in found.items() if not wrong]
        kind = value.get("type") if isinstance(value, dict) else None
        assert len(fitting) == 1, found.get(str(kind), found)
        return str(fitting[0])

    @property
    def kept_topics(self) -> set[str]:
        """Those on which the broker keeps what comes."""
        operations = self._document["operations"]
        return {name for name in self._topics if operations[name]["bindings"]["mqtt"].get("retain")}

    def channel(self, topic: str) -> str:
        """The name of the channel of a topic."""
        (found,) = (name for name, each in self._topics.items() if each.fullmatch(topic))
        return found

    def topic(self, message: MQTTMessage) -> tuple[str, str]:
        """The names of the channel and of the message that came; it came as that says."""
        channel = self.channel(message.topic)
        about = message.properties
        sent_as = getattr(about, "ContentType", "text/plain")
        text = message.payload.decode()
        value = json.loads(text) if "json" in sent_as else text
        headers = dict(getattr(about, "UserProperty", []))
        name = self.holds(channel, value, headers)
        assert sent_as == self.channels[channel]["messages"][name]["contentType"]
        binding = self._document["operations"][channel]["bindings"]["mqtt"]
        assert message.qos == binding["qos"], message.topic
        if (expiry := getattr(about, "MessageExpiryInterval", None)) is not None:
            assert faults(binding["messageExpiryInterval"], expiry) == []
        return channel, name

    def _faults(self, schema: Part, value: object) -> list[str]:
        return _faults({**_closed(schema), "components": self._components}, value)

    def _of_headers(self, message: Part, headers: Part | None) -> list[str]:
        allowed: Part = {"type": "object", "properties": {}}
        for trait in message.get("traits", []):
            allowed = at(self._document, trait["$ref"])["headers"]
        return [] if headers is None else self._faults(allowed, headers)


def at(document: Part, reference: str) -> Any:  # noqa: ANN401 - any JSON
    """The part of a document to which a reference leads."""
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def references(node: object) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def _closed(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """A schema that allows no field but those that it names."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {"additionalProperties": False} if node.get("type") == "object" else {}
    return closed | {name: _closed(each) for name, each in node.items()}
