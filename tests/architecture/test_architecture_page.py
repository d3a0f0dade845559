"""docs/architecture.md names every room, and files and functions that are there."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
DRAWING = (ROOT / "docs" / "architecture.svg").read_text("utf-8")


def rooms() -> set[str]:
    """Every room that pyproject.toml lists."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (listed,) = (each["rooms"] for each in contracts if each["type"] == "allow_list")
    return {line.partition(":")[0] for line in listed}


def table(heading: str) -> list[list[str]]:
    """The cells of the first table after ``heading``, without its head."""
    found = re.search(r"^\|.*?(?=\n\n|\Z)", PAGE[PAGE.index(heading) :], re.DOTALL | re.MULTILINE)
    assert found, heading
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in found[0].splitlines()[2:]
    ]


def test_the_map_and_the_drawing_have_every_room_once() -> None:
    named = [name for room, _, _ in table("# Architecture") for name in re.findall(r"\w+", room)]
    assert sorted(named) == sorted(rooms())
    drawn = [
        name
        for title in re.findall(r'class="t">([a-z ·]+)<', DRAWING)
        for name in title.split(" · ")
    ]
    assert sorted(drawn) == sorted(rooms())


def test_twelve_questions_are_answered_by_files_and_names_that_are_there() -> None:
    rows = table("## Twelve questions")
    assert len(rows) == 12
    for question, answer in rows:
        assert question.endswith("?"), question
        pieces = re.findall(r"`([^`]+)`", answer)
        assert "/" in pieces[0], question
        source = ""
        for piece in pieces:
            if "/" in piece:
                source = (ROOT / piece).read_text("utf-8")
            else:
                assert re.search(rf"\b(?:def|class) {piece}\b", source), (question, piece)
