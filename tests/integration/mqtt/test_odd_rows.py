"""A row that somebody changed in the database, or that a disk has spoilt, costs itself alone."""

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.sites import make_site
from tests.api.support import made, make_collection
from tests.support.brokers import Listener
from tests.support.client import client_of
from tests.support.databases import change_file
from tests.support.waiting import wait_for

DOORS = {
    "an id with levels": "UPDATE doors SET id = 'a/b'",
    "an id of all topics": "UPDATE doors SET id = '#'",
    "an id of bytes": "UPDATE doors SET id = x'3132'",
    "an id without end": "UPDATE doors SET id = printf('%.70000c', 'a')",
    "an id that is no Unicode": "UPDATE doors SET id = CAST(x'ff' AS TEXT)",
    "a mode of bytes": "UPDATE doors SET mode = x'ff'",
    "a direction of bytes": "UPDATE doors SET direction = x'ff'",
    "a name of bytes": "UPDATE doors SET name = x'ff'",
    "a zone of bytes": "UPDATE zones SET name = x'ff'",
    "a collection's id": "UPDATE collections SET id = 'st/aff' WHERE id = 'staff'",
}
OTHERS = {
    "a topic of all": "INSERT INTO mqtt_retained VALUES ('#')",
    "an empty topic": "INSERT INTO mqtt_retained VALUES ('')",
    "a topic of bytes": "INSERT INTO mqtt_retained VALUES (x'ff')",
    "a topic that is no Unicode": "INSERT INTO mqtt_retained VALUES (CAST(x'ff' AS TEXT))",
    "a topic without end": "INSERT INTO mqtt_retained VALUES (printf('%.70000c', 'a'))",
    "a progress that is a text": "UPDATE mqtt_progress SET sent = 'abc'",
    "a progress that is bytes": "UPDATE mqtt_progress SET shown = x'00'",
    "a progress beyond all": "UPDATE mqtt_progress SET sent = 1000000, shown = 1000000",
    "a time of an event": "UPDATE events SET at = 'noon'",
    "an event that is no Unicode": "UPDATE events SET body = CAST(x'ff' AS TEXT)",
    "an event of bytes": "UPDATE events SET body = x'ff'",
}


def metric(client: TestClient, line: str) -> bool:
    return line in client.get("http://kith/metrics").text


@pytest.mark.parametrize("statements", DOORS.values(), ids=list(DOORS))
def test_a_door_that_cannot_be_announced_holds_up_no_other(
    publishing: Settings, database_url: str, heard: Listener, statements: str
) -> None:
    with client_of(build(publishing)) as client:
        make_site(client, make_collection(client))
        guests = make_collection(client, "guests")
        wait_for(lambda: len(heard.on("/state")) == 1)
        change_file(database_url, statements)
        made(client.post(f"{guests}/doors", json={"id": "back"}))
        wait_for(lambda: len(heard.on("/guests/doors/back/state")) == 1)
        made(client.post(f"{guests}/persons", json={"id": "after"}))
        wait_for(lambda: [each["subject"] for each in heard.events()] == ["after"])
        assert metric(client, "kith_mqtt_unreadable_total 1.0")


@pytest.mark.parametrize("statements", OTHERS.values(), ids=list(OTHERS))
def test_a_row_of_the_publisher_that_was_changed_while_nobody_published_stops_nothing(
    publishing: Settings,
    settings: Settings,
    database_url: str,
    heard: Listener,
    statements: str,
) -> None:
    with client_of(build(publishing)) as client:
        staff = make_collection(client)
        wait_for(lambda: len(heard.on("/status")) == 1)
    with client_of(build(settings)) as client:
        made(client.post(f"{staff}/persons", json={"id": "between"}))
    change_file(database_url, statements)
    with client_of(build(publishing)) as client:
        heard.until("/status", b"online")
        made(client.post(f"{staff}/persons", json={"id": "after"}))
        wait_for(lambda: [each["subject"] for each in heard.events()][-1:] == ["after"])
        wait_for(lambda: metric(client, "kith_mqtt_lag_seconds 0.0"))
