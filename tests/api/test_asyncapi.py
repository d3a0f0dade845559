"""The AsyncAPI document and the JSON Schemas are whole, and fit what the documentation shows."""

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from app.bootstrap import build
from app.settings import Settings
from app.trail.events import MODELS
from tests.api.support import ok, problem
from tests.api.test_openapi import named
from tests.support.client import client_of
from tests.support.described import Described, at, faults, faults_of, references
from tests.support.pages import ROOT, blocks

DECISION = "door.decision"


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    del client.headers["authorization"]
    return ok(client.get("http://kith/asyncapi.json"))


def test_it_is_asyncapi_and_the_schema_of_that_finds_faults(document: dict[str, Any]) -> None:
    assert faults_of(document) == []
    document["operations"]["stream"]["action"] = "shout"
    document["channels"]["status"]["retain"] = True
    assert len(faults_of(document)) >= 2


def test_every_reference_leads_somewhere_and_every_property_is_described(
    document: dict[str, Any],
) -> None:
    found = list(references(document))
    assert len(found) > 60
    for each in found:
        at(document, each)
    properties = dict(named(document, ""))
    assert len(properties) > 100
    assert [name for name, each in properties.items() if not each.get("description")] == []


def test_every_type_of_event_has_a_schema_that_takes_no_other(client: TestClient) -> None:
    del client.headers["authorization"]
    for kind in MODELS:
        answer = client.get(f"http://kith/schemas/{kind}.json")
        assert answer.headers["content-type"] == "application/schema+json"
        schema = ok(answer)
        Draft202012Validator.check_schema(schema)
        assert schema["properties"]["type"]["const"] == kind
        assert "data" in schema["required"]
    detail = problem(client.get("http://kith/schemas/door.opened.json"), 404, "not_found")["detail"]
    assert DECISION in detail


def test_every_type_is_on_every_channel_of_events(document: dict[str, Any]) -> None:
    described = Described(document)
    kept = set(MODELS) - {"webhook.ping"}
    assert set(described.channels["stream"]["messages"]) == kept
    assert set(described.channels["webhooks"]["messages"]) == set(MODELS)
    over_mqtt = {name for each in described.topics for name in described.channels[each]["messages"]}
    assert kept < over_mqtt


def test_the_topics_are_those_of_the_settings(settings: Settings) -> None:
    here = settings.model_copy(
        update={"mqtt_prefix": "site/b", "mqtt_discovery": "off", "root_path": "/kith"}
    )
    with client_of(build(here)) as client:
        document = ok(client.get("http://kith/kith/asyncapi.json"))
    assert faults_of(document) == []
    addresses = {each["address"] for each in document["channels"].values()}
    assert "site/b/v1/{collection}/doors/{door}/decision" in addresses
    assert not [each for each in addresses if each and "homeassistant" in each]
    assert document["servers"]["api"]["pathname"] == "/kith/v1"
    assert document["servers"]["broker"]["bindings"]["mqtt"]["lastWill"]["topic"] == "site/b/status"


def test_what_the_pages_show_is_what_is_sent(client: TestClient, document: dict[str, Any]) -> None:
    described = Described(document)
    shown = []
    for page in ("events.md", "webhooks.md", "mqtt.md", "actions.md"):
        for block in blocks(ROOT / "docs" / page, "json"):
            value = json.loads(block)
            if "specversion" in value:
                shown.append(described.holds("stream", value))
                schema = ok(client.get(f"http://kith/schemas/{value['type']}.json"))
                assert faults(schema, value) == []
            elif "event_type" in value:
                shown.append(described.holds("now", value))
    page = (ROOT / "docs" / "mqtt.md").read_text("utf-8")
    (state,) = re.findall(r"`(\{\"lockdown\".*?\})`", page)
    shown.append(described.holds("stateOfDoor", json.loads(state)))
    assert {"door.lockdown", DECISION, "twin", "state"} <= set(shown)
