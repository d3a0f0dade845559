"""docs/errors.md, the errors themselves and the OpenAPI document have the same codes."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from app.errors import AppError, LocalError
from app.gallery.schemas import (
    LookalikeWarning,
    SeveralFaces,
    TurnedWarning,
    UnlikeWarning,
)
from app.reasons import DoorReason, ProbeReason, Reason, RejectionReason
from tests.api.support import PROBLEM, ok

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after ``heading``, without its own head."""
    table = re.search(r"^\|.*?(?=\n\n|\Z)", PAGE[PAGE.index(heading) :], re.DOTALL | re.MULTILINE)
    assert table, heading
    lines = table[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def kinds(kind: type[AppError] = AppError) -> set[type[AppError]]:
    return {kind, *(each for child in kind.__subclasses__() for each in kinds(child))}


def served() -> set[tuple[str, int]]:
    """Code and status of every error that a client may get."""
    return {(each.code, each.status) for each in kinds() if not issubclass(each, LocalError)}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return ok(client.get("http://kith/openapi.json"))


def test_the_page_shows_every_code_with_its_status_once() -> None:
    documented = [(code.strip("`"), int(status)) for code, status, _, _ in rows("## Codes")]
    assert sorted(documented) == sorted(served())


def test_every_code_is_explained() -> None:
    for code, _, meaning, remedy in rows("## Codes"):
        assert len(meaning) > 20, code
        assert len(remedy) > 10, code


def test_the_code_is_an_enum_of_just_these(document: dict[str, Any]) -> None:
    code = document["components"]["schemas"]["Problem"]["properties"]["code"]
    assert code["type"] == "string"
    assert code["enum"] == sorted({code for code, _ in served()})


def test_every_status_that_is_documented_has_a_code(document: dict[str, Any]) -> None:
    statuses = {status for _, status in served()}
    for item in document["paths"].values():
        for operation in item.values():
            problems = {
                int(status)
                for status, answer in operation["responses"].items()
                if PROBLEM in answer.get("content", {})
            }
            assert problems <= statuses
            if operation.get("security"):
                assert {400, 401, 403, 500, 503} <= problems, operation["operationId"]


@pytest.mark.parametrize(
    ("heading", "reasons"),
    [
        ("Of an image that was not enrolled", RejectionReason),
        ("Of a face that was to be recognised", ProbeReason),
    ],
)
def test_the_page_shows_every_reason(heading: str, reasons: object) -> None:
    assert [reason.strip("`") for reason, _ in rows(heading)] == list(get_args(reasons))


def test_every_reason_is_one_that_an_answer_can_hold(document: dict[str, Any]) -> None:
    """Each field lists its own in the OpenAPI document, and no other text is a reason."""
    schemas = document["components"]["schemas"]
    listed = {
        (name, field): about.get("items", about)
        for name, schema in schemas.items()
        for field, about in schema.get("properties", {}).items()
        if field in ("reason", "reasons")
        and name not in ("DoorDecisionView", "DecisionData", "LoggedDecision")
    }
    refused = listed["RejectedImage", "reasons"]["enum"]
    assert refused == list(get_args(RejectionReason))
    known = {value for each in listed.values() for value in each.get("enum") or [each["const"]]}
    assert known == set(Reason)
    assert all(each["type"] == "string" for each in listed.values())
    assert schemas["DoorReason"]["enum"] == list(DoorReason)


def test_the_page_shows_every_warning() -> None:
    schemas = [
        each.model_json_schema()
        for each in (TurnedWarning, SeveralFaces, LookalikeWarning, UnlikeWarning)
    ]
    documented = [reason.strip("`") for reason, _ in rows("Something to look at")]
    assert documented == [schema["properties"]["reason"]["const"] for schema in schemas]
