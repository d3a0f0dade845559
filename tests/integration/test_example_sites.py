"""The examples with Compose, as far as they go without their images.

Mosquitto and Kith run with each example's own configuration; what its automation waits for is held
against what is published, and the program of its door runs as its file says.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
import yaml

from tests.api.support import made, ok
from tests.integration.compreface.conftest import collins, hopper
from tests.support.brokers import Mosquitto, listening
from tests.support.browser import chromium
from tests.support.cameras import astronaut, jpeg, webcam
from tests.support.commands import Command
from tests.support.compreface import sdk
from tests.support.example_sites import EXAMPLES, environment, mounts, site
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_for

Start = Callable[..., ServerProcess]
SHIPPED = Path(__file__).parents[2] / "app" / "bundles" / "shipped" / "face-mini"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Mosquitto with the examples' configuration; its port and its folder are the test's."""
    text = (EXAMPLES / "mosquitto.conf").read_text(encoding="utf-8")
    assert "\nlistener 1883\n" in text
    lines = [line for line in text.splitlines() if not line.startswith(("#", "listener"))]
    folder = f"{tmp_path}/"
    found = Mosquitto(tmp_path, *(line.replace("/mosquitto/data/", folder) for line in lines))
    found.up()
    yield found
    found.down()


def kith_of(name: str, start: Start, broker: Mosquitto, bundle: Path) -> ServerProcess:
    """Kith with an example's settings; its broker is the one of the test."""
    given = environment(name, "kith")
    assert given["KITH_MQTT_URL"] == "mqtt://mosquitto:1883"
    given |= {"KITH_MQTT_URL": broker.url, "KITH_EGRESS_ALLOW": "127.0.0.1"}
    return start(bundle, **given)


def front_door(kith: ServerProcess) -> None:
    """Make the things that the pages need: a collection, people, one of whom every door denies, and
    a door."""
    with kith.client() as client:
        made(client.post("/collections", json={"id": "hq"}))
        for seed, person, suspended in ((1, "ada", "false"), (2, "bob", "true")):
            images = [("images", picture(seed, shake)) for shake in (1, 2, 3)]
            fields = {"id": person, "suspended": suspended}
            made(client.post("/collections/hq/persons", data=fields, files=images))
        door = {"id": "front", "name": "Front door", "grant_ttl_ms": 60_000}  # of a busy machine
        made(client.post("/collections/hq/doors", json=door))


def seen(kith: ServerProcess, somebody: int) -> str:
    """Somebody before the door; gives the decision."""
    frames = [("images", picture(somebody, shake)) for shake in (20, 21, 22)]
    with kith.client() as client:
        return str(ok(client.post("/doors/front/decisions", files=frames))["decision"])


def slug(name: str) -> str:
    """An entity's id in Home Assistant, of names in ASCII."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def entity(event: dict[str, Any]) -> SimpleNamespace:
    """The state of an event entity: when it was, and the fields of its event."""
    return SimpleNamespace(state=secrets.token_hex(4), attributes=SimpleNamespace(**event))


def holds(conditions: list[str], before: object, after: object, now: datetime) -> bool:
    """Home Assistant's conditions on the change of an entity, each a template."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no HTML
    environment.globals = {
        "trigger": SimpleNamespace(from_state=before, to_state=after),
        "as_datetime": datetime.fromisoformat,
        "now": lambda: now,
    }
    rendered = [environment.from_string(each) for each in conditions]
    return all(each.render() == "True" for each in rendered)


def test_home_assistant_finds_the_door_and_a_grant_opens_it(
    server: Start, broker: Mosquitto, fake_bundle: Path
) -> None:
    config = yaml.safe_load((EXAMPLES / "home-assistant" / "configuration.yaml").read_text())
    assert config.keys() == {"default_config", "automation"}
    (automation,) = config["automation"]
    assert automation.keys() == {"alias", "id", "mode", "triggers", "conditions", "actions"}
    (trigger,), (action,) = automation["triggers"], automation["actions"]
    assert (trigger["trigger"], action["action"]) == ("state", "lock.unlock")
    with listening(broker.url, "kith/#", "homeassistant/#") as heard:
        kith = kith_of("home-assistant", server, broker, fake_bundle)
        front_door(kith)
        wait_for(lambda: bool(heard.on("/config")))
        found = json.loads(heard.on("/config")[0].payload)
        decision = found["components"]["decision"]
        named = slug(f"{found['device']['name']} {decision['name']}")
        assert trigger["entity_id"] == f"{decision['platform']}.{named}"
        assert (seen(kith, 1), seen(kith, 2)) == ("granted", "denied")
        topic = decision["state_topic"]
        wait_for(lambda: len(heard.on(topic)) == 2)
        granted, denied = (entity(json.loads(each.payload)) for each in heard.on(topic))
    now = datetime.fromisoformat(granted.attributes.valid_until) - timedelta(seconds=1)
    before = SimpleNamespace(state="2026-11-26T08:00:00+00:00", attributes=SimpleNamespace())
    opens = automation["conditions"]
    assert holds(opens, before, granted, now)
    assert not holds(opens, before, granted, now + timedelta(seconds=2))  # the grant is over
    assert not holds(opens, before, denied, now)
    assert not holds(opens, SimpleNamespace(state="unavailable"), granted, now)  # shown again
    assert not holds(opens, None, granted, now)
    assert not holds(opens, before, None, now)


def flow() -> dict[str, dict[str, Any]]:
    nodes = json.loads((EXAMPLES / "node-red" / "flows.json").read_text(encoding="utf-8"))
    return {node["id"]: node for node in nodes}


def test_the_flow_of_node_red_is_of_one_piece() -> None:
    nodes = flow()
    for node in nodes.values():
        assert {to for wire in node.get("wires", []) for to in wire} <= nodes.keys()
        assert node.get("z", "kith-flow") in nodes
        assert node.get("broker") in {None, "mosquitto", "kith-broker"}
    chain, at = [], "kith-in"
    while at:
        chain.append(nodes[at]["type"])
        at = next((to for wire in nodes[at]["wires"] for to in wire), "")
    assert chain == ["mqtt in", "switch", "function", "mqtt out"]
    broker = nodes["kith-broker"]
    (host,) = (each for each in site("node-red")["services"] if each == broker["broker"])
    assert environment("node-red", "kith")["KITH_MQTT_URL"] == f"mqtt://{host}:{broker['port']}"
    assert nodes["kith-out"]["retain"] == "false"  # a relay that comes back finds no old order


def passed_on(message: dict[str, Any]) -> dict[str, Any] | None:
    """The message that the flow sends for another; a browser's JavaScript runs its function."""
    (rule,) = flow()["kith-granted"]["rules"]
    assert (rule["t"], flow()["kith-granted"]["property"]) == ("eq", "payload.event_type")
    if message["payload"]["event_type"] != rule["v"]:
        return None
    with chromium() as browser:
        page = browser.new_page()
        body = flow()["kith-holds"]["func"]
        found: dict[str, Any] | None = page.evaluate(f"msg => {{{body}}}", message)
        return found


def test_a_grant_passes_the_flow_of_node_red_and_nothing_else_does(
    server: Start, broker: Mosquitto, fake_bundle: Path
) -> None:
    source = flow()["kith-in"]
    with listening(broker.url, source["topic"]) as heard:
        kith = kith_of("node-red", server, broker, fake_bundle)
        front_door(kith)
        assert (seen(kith, 1), seen(kith, 2)) == ("granted", "denied")
        wait_for(lambda: len(heard.heard) == 2)
        messages = [
            {"topic": each.topic, "payload": json.loads(each.payload)} for each in heard.heard
        ]
    granted, denied = messages
    granted["payload"]["valid_until"] = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert passed_on(granted) == {"topic": "building/front/relay", "payload": "ON"}
    granted["payload"]["valid_until"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert passed_on(granted) is None
    del granted["payload"]["valid_until"]
    assert passed_on(granted) is None
    assert passed_on(denied) is None


def test_double_take_gets_the_names_that_kith_decides(server: Start) -> None:
    config = yaml.load(
        (EXAMPLES / "frigate" / "double-take.yml").read_text().replace("!secret ", ""),
        yaml.SafeLoader,
    )
    compreface, limit = config["detectors"]["compreface"], config["detect"]["match"]["confidence"]
    services = site("frigate")["services"]
    for url in (compreface["url"], config["frigate"]["url"]):
        assert url.removeprefix("http://").partition(":")[0] in services
    frigate = yaml.safe_load((EXAMPLES / "frigate" / "frigate.yml").read_text())
    assert set(config["frigate"]["cameras"]) == set(frigate["cameras"])
    assert {config["mqtt"]["host"], frigate["mqtt"]["host"]} <= set(services)
    assert any(target.endswith("secrets.yml") for _, target, _ in mounts(services["double-take"]))
    kith = server(SHIPPED, **environment("frigate", "kith"))
    with kith.client() as client:
        made(client.post("/collections", json={"id": "home"}))
        wanted = {"scopes": ["identify", "enroll", "read"], "collections": ["home"]}
        key = made(client.post("/keys", json=wanted))["key"]
    options: dict[str, object] = {"det_prob_threshold": compreface["det_prob_threshold"]}
    service = sdk(kith.url, **options).init_face_recognition(key)
    service.get_face_collection().add(image_path=collins(), subject="Eileen")
    named = []
    for photo in (collins(1.1), hopper()):
        (face,) = service.recognize(photo)["result"]
        best = face["subjects"][0]
        named.append(best["subject"] if best["similarity"] * 100 >= limit else "unknown")
    assert named == ["Eileen", "unknown"]


def test_the_door_asks_as_its_file_says(server: Start, kith_command: Command) -> None:
    front = site("door")["services"]["front"]
    kith = server(SHIPPED, **environment("door", "kith"))
    with kith.client() as client:
        made(client.post("/collections", json={"id": "hq"}))
        patient = {"id": "front", "frames": {"max_age_ms": 30_000}}
        made(client.post("/collections/hq/doors", json=patient))
        images = {"images": jpeg(astronaut())}
        made(client.post("/collections/hq/persons", data={"id": "eileen"}, files=images))
        wanted = {"scopes": ["door"], "collections": ["hq"], "doors": ["front"]}
        key = made(client.post("/keys", json=wanted))["key"]
    given = environment("door", "front")
    assert given == {"KITH_URL": "http://kith:8000"}
    with webcam() as camera:
        camera.pictures = [jpeg(astronaut(shift=shift)) for shift in range(12)]
        ended = kith_command(
            *front["command"],
            *("--once", "--max-age-ms", "60000"),
            KITH_URL=kith.url,
            KITH_KEY=key,
            KITH_SOURCE=f"{camera.url}/latest.jpg",
        )
    assert ended.status == 0, ended.err
    answer = json.loads(ended.out)
    assert (answer["decision"], answer["person"]["id"]) == ("granted", "eileen")
