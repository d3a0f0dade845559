"""One place reads the time of day: what depends on it can be tested, and set back."""

import re
from pathlib import Path
from typing import Final

import pytest

APP: Final = Path(__file__).parents[2] / "app"
ALLOWED: Final = {
    "core/clock.py",
    "core/files.py",  # the age of a file, by the file system's own time
}
WALL_TIME: Final = re.compile(
    r"\btime\.(?:time|time_ns|localtime|gmtime|ctime|strftime)\(|from time import"
    r"|\.(?:now|today|utcnow)\((?:UTC|timezone\.utc|tz=.*)?\)"
    r"|\bfunc\.(?:now|current_\w+|localtime\w*|clock_timestamp)\b|(?<!anyio\.)\bCURRENT_TIME",
    re.IGNORECASE,
)
_BY_THE_PORT: Final = re.compile(r"(?:\bself\._clock|\bclock|\bSystemClock\(\))\.now\(\)|def now")


def reads_wall_time(line: str) -> bool:
    return bool(WALL_TIME.search(_BY_THE_PORT.sub("", line)))


def test_nothing_but_the_clock_reads_the_time_of_day() -> None:
    found = {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        if any(map(reads_wall_time, path.read_text("utf-8").splitlines()))
    }
    assert found == ALLOWED


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("now = datetime.now()", True),
        ("now = datetime.now(UTC)", True),
        ("started = anyio.current_time()", False),
        ("day = date.today()", True),
        ("age = time.time() - then", True),
        ("values(at=func.now())", True),
        ("text('SELECT CURRENT_TIMESTAMP')", True),
        ("now = self._clock.now()", False),
        ("deadline = time.monotonic() + 1", False),
    ],
)
def test_what_is_looked_for_would_be_found(line: str, found: bool) -> None:
    assert reads_wall_time(line) is found
