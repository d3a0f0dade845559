"""Topics of events, and ids that Home Assistant takes."""

import re
from itertools import product

from app.mqtt.names import Names

NAMES = Names("kith", "homeassistant")
_TAKEN = re.compile(r"[a-zA-Z0-9_-]+")
"""Source: TOPIC_MATCHER of home-assistant/core, homeassistant/components/mqtt/discovery.py."""


def test_an_event_has_the_topic_of_its_door_or_of_its_type() -> None:
    of_door = NAMES.event("door.decision", collection="hq", door="front")
    assert of_door == "kith/v1/hq/doors/front/decision"
    of_zone = NAMES.event("door.lockdown", collection="hq", door=None)
    assert of_zone == "kith/v1/hq/events/door.lockdown"
    assert NAMES.event("key.revoked", collection=None, door=None) == "kith/site/events/key.revoked"


def test_home_assistant_takes_every_id_and_none_is_that_of_another_door() -> None:
    assert NAMES.config("hq", "front") == "homeassistant/device/kith_hq_front/config"
    parts = ("a", "a.b", "a_b", "b", "a-b", "a.b_c", "A")
    ids = [NAMES.device(*each) for each in product(parts, repeat=2)]
    ids += [Names(prefix, None).device("a", "b") for prefix in ("site/a", "site_a", "site.a")]
    assert all(_TAKEN.fullmatch(each) for each in ids)
    assert len(set(ids)) == len(ids)
    assert NAMES.device("a.b", "front").startswith("kith_a_b_front_")


def test_without_discovery_nothing_is_announced_and_no_topic_is_heard() -> None:
    names = Names("kith", None)
    assert names.birth is None
    assert names.config("hq", "front") is None
