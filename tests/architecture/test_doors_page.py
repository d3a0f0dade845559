"""docs/doors.md explains every reason of a door, in the order in which they apply."""

import re
from pathlib import Path

from app.access.policy.decide import DoorDecision
from app.access.policy.values import Authority, Mode
from app.reasons import DoorReason

PAGE = (Path(__file__).parents[2] / "docs" / "doors.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table after ``heading``, without its own head."""
    table = re.search(r"^\|.*?(?=\n\n|\Z)", PAGE[PAGE.index(heading) :], re.DOTALL | re.MULTILINE)
    assert table, heading
    lines = table[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_has_every_reason_in_its_order_with_its_answer() -> None:
    written = [(reason.strip("`"), answer) for reason, answer, _ in rows("## The reason")]
    wanted = [
        (each.value, DoorDecision(each, Authority.KITH, 0).answer.value) for each in DoorReason
    ]
    assert written == wanted


def test_the_page_has_every_mode() -> None:
    written = [re.findall(r"`(\w+)`", mode)[0] for mode, _, _ in rows("## Who decides")]
    assert written == list(Mode)
