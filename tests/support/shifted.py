"""``kith serve`` with a clock that a test may set while it runs, as an operator or NTP would."""

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from app import cli
from app.bootstrap import build
from app.cli import serve

PROGRAM: Final = "from tests.support.shifted import main; main()"
_FILE: Final = "clock-offset"


class ShiftedClock:
    """The machine's clock, off by the seconds in a file in ``folder``; none means none."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE

    def now(self) -> datetime:
        offset = float(self._file.read_text()) if self._file.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=offset)


def set_clock(folder: Path, offset: timedelta) -> None:
    """Set the clock of the service on the data folder ``folder``; its next look shows it."""
    written = folder / f".{_FILE}"
    written.write_text(str(offset.total_seconds()))
    written.replace(folder / _FILE)


def main() -> None:
    """The command, built around that clock."""
    clock = ShiftedClock(Path(os.environ["KITH_DATA_DIR"]))
    serve.build = partial(build, clock=clock)  # type: ignore[attr-defined]
    cli.main()
