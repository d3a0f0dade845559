"""A person whose row somebody changed in the database keeps nobody else from being recognised, and
is not named by what Kith never wrote.
"""

import pytest
from fastapi.testclient import TestClient

from tests.api.doors import ADA, BOB, HQ, make_hq
from tests.api.support import files, identify, ok, only_face
from tests.support.databases import change_oldest
from tests.support.pictures import picture


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("name", "x'ff00'", True),
        ("external_id", "x'ff00'", True),
        ("metadata", "'{'", True),
        ("created_at", "'!'", True),
        ("suspended", "'x'", True),
        ("valid_from", "'!'", False),
        ("valid_until", "'never'", False),
        ("id", "'no id'", False),
        ("id", "x'ff00'", False),
    ],
)
def test_a_spoilt_person_hides_no_other_and_is_named_by_an_id_and_a_time_alone(
    client: TestClient, database_url: str, column: str, value: str, named: bool
) -> None:
    make_hq(client)
    change_oldest(database_url, "persons", column, value)
    bob = only_face(identify(client, HQ, BOB))
    assert (bob["decision"], bob["person_id"]) == ("identified", "bob")
    image = files(picture(BOB, 9), field="image")
    assert ok(client.post(f"{HQ}/persons/bob/verify", files=image))["decision"] == "match"
    ada = only_face(identify(client, HQ, ADA))
    assert (ada["decision"] == "identified") is named
    assert ada["person_id"] == ("ada" if named else None)
    assert all(each["name"] is None for each in ada["candidates"] if each["person_id"] == "ada")
