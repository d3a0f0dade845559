"""``python -m bench.backup``: what backing up, restoring and checking a large gallery takes.

Random unit vectors in SQLite; ``KITH_DATABASE_URL`` names another. ``KITH_BENCH_TEMPLATES``
says how many, one a person.
"""

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.cli.progress import count_progress
from app.core.db import Database
from app.maintenance.archive import Progress, opened_archive
from app.maintenance.backup import backup
from app.maintenance.check import Check
from app.maintenance.restore import restore
from bench.startup import CONTRACT, filled, timed
from migrations import upgrade


def main() -> None:
    """Fill a database, then back up, restore and check it; print seconds and memory."""
    templates = int(os.environ.get("KITH_BENCH_TEMPLATES", "1000000"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "kith.zip"
        database = Database(os.environ.get("KITH_DATABASE_URL", f"sqlite:///{folder}/kith.db"))
        upgrade(database)
        filled(database, templates)
        check = Check(database, folder, CONTRACT)
        table = Table("step", "seconds", "MiB more", title=f"{templates:,} templates")

        def show(step: str, act: Callable[[Progress], Any]) -> None:
            before = _peak(reset=True)
            _, seconds = timed(lambda: act(lambda total: count_progress(step, total)))
            table.add_row(step, f"{seconds:.1f}", f"{_peak() - before:.0f}")

        def back_up(progress: Progress) -> None:
            now = datetime.now(UTC)
            backup(database, file, collection_id=None, made_at=now, progress=progress)

        def put_back(progress: Progress) -> None:
            with opened_archive(file, progress) as archive:
                restore(database, archive, replace=True, progress=progress)

        show("backup", back_up)
        show("restore in its place", put_back)
        show("check", check.results)
        table.caption = f"{database.engine.name}; {file.stat().st_size / 2**20:.0f} MiB on disk"
        Console(width=100).print(table)
        database.close()


def _peak(*, reset: bool = False) -> float:
    """The most memory that this process had, in MiB; ``reset`` starts again from the present."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
