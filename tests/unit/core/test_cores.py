"""A core is free while fewer threads run than there are cores."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.cores import is_core_free
from tests.support.waiting import wait_for

CORES = os.cpu_count() or 1


@pytest.mark.parametrize("running", [0, 1, CORES - 1, CORES, CORES + 1, 40 * CORES])
def test_a_core_is_free_while_fewer_threads_run_than_there_are_cores(
    tmp_path: Path, running: int
) -> None:
    load = tmp_path / "loadavg"
    load.write_text(f"9.64 11.16 11.29 {running}/324 5842\n")
    assert is_core_free(load) is (running < CORES)


def test_where_the_system_does_not_say_a_core_counts_as_free(tmp_path: Path) -> None:
    assert is_core_free(tmp_path / "none")


def test_busy_processes_leave_no_core_free() -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(CORES)]
    try:
        wait_for(lambda: not is_core_free(), 60)
    finally:
        for each in busy:
            each.kill()
            each.wait()
