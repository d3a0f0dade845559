"""A CSV file becomes the lines of a sync, and each person keeps the number of their line."""

import json
from typing import Any, get_args

import pytest

from app.access.sync_csv import _KINDS, ndjson_of
from app.errors import InvalidRequest
from app.gallery.credential_schemas import CredentialKind

SECRET = "MARK-0815"
HEADER = "external_id,name,valid_until,groups,card:acs,user_id:2n"


def converted(*lines: str, encoding: str = "utf-8") -> list[dict[str, Any] | None]:
    """Each line, None for an empty one."""
    ndjson = ndjson_of("\r\n".join(lines).encode(encoding)).decode()
    return [json.loads(line) if line else None for line in ndjson.splitlines()]


def test_a_column_is_a_field_and_an_empty_cell_empties_it() -> None:
    found = converted(
        HEADER,
        f'77,"Lovelace, Ada",2027-12-31T23:00:00Z,staff | visitors,{SECRET}|{SECRET}2,',
        "",
        '78,"two\nlines",,,,x',
        "79,,,,,",
        encoding="utf-8-sig",
    )
    assert found == [
        None,
        {
            "external_id": "77",
            "name": "Lovelace, Ada",
            "valid_until": "2027-12-31T23:00:00Z",
            "groups": ["staff", "visitors"],
            "credentials": [
                {"system": "acs", "type": "card", "value": SECRET},
                {"system": "acs", "type": "card", "value": f"{SECRET}2"},
            ],
        },
        None,
        {
            "external_id": "78",
            "name": "two\nlines",
            "valid_until": None,
            "groups": [],
            "credentials": [{"system": "2n", "type": "user_id", "value": "x"}],
        },
        None,
        {"external_id": "79", "name": None, "valid_until": None, "groups": [], "credentials": []},
    ]


def test_a_column_that_is_not_there_leaves_the_field_out() -> None:
    assert converted("external_id;name", "1;Ada, the first") == [
        None,
        {"external_id": "1", "name": "Ada, the first"},
    ]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("external_id,Name", "'Name' is no column"),
        ("external_id,pin:acs", "'pin:acs' is no column"),
        ("external_id,card:", "'card:' is no column"),
        ("external_id,name,name", "'name' is there twice"),
        ("name,groups", "there is no column external_id"),
        ("", "is no column"),
    ],
)
def test_a_header_is_one_of_the_names_that_there_are(header: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        converted(header, "1,2,3")


def test_wrong_lines_are_named_by_their_numbers_and_no_value_is_said() -> None:
    with pytest.raises(InvalidRequest, match="2 wrong lines; nothing was done") as refused:
        converted("external_id,card:acs", "1,1", f"2,{SECRET},x", '"3\n",4', f",{SECRET}", "5,5")
    said = [(each.field, each.message) for each in refused.value.errors]
    assert said == [("line 3", "has 3 cells, and the header 2"), ("line 6", "has no external_id")]
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"), [('1,"a"b', "Line 2 is no CSV"), ('1,"a', "Line 2 is no")]
)
def test_what_is_no_csv_is_said(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        converted("external_id,name", text)


def test_a_file_of_another_encoding_is_said() -> None:
    with pytest.raises(InvalidRequest, match="is not UTF-8"):
        converted("external_id,name", "1,Zoë", encoding="latin-1")


def test_every_type_of_credentials_has_its_column() -> None:
    assert get_args(CredentialKind) == _KINDS
