"""Small jobs on a thread of their own: again and again, once more at the end, whatever fails."""

from threading import Event

import pytest

from app.core.jobs import Jobs
from app.errors import NotReady


@pytest.mark.parametrize(
    "error", [NotReady("The database does not answer; try again."), ValueError("unforeseen")]
)
def test_jobs_run_again_and_again_also_after_one_that_failed(error: Exception) -> None:
    runs: list[str] = []
    enough = Event()

    def fails() -> None:
        runs.append("fails")
        raise error

    def works() -> None:
        runs.append("works")
        if runs.count("works") == 3:
            enough.set()

    jobs = Jobs({"one": fails, "other": works}, seconds=0.001)
    jobs.start()
    assert enough.wait(60)
    jobs.stop()
    assert runs[:4] == ["fails", "works"] * 2


def test_a_job_runs_once_more_at_the_end() -> None:
    runs: list[int] = []
    jobs = Jobs({"count": lambda: runs.append(1)}, seconds=3600)
    jobs.start()
    jobs.stop()
    assert len(runs) == 1


@pytest.mark.parametrize("started", [True, False])
def test_they_can_be_stopped_whether_they_began_or_not(started: bool) -> None:
    jobs = Jobs({}, seconds=3600)
    if started:
        jobs.start()
    jobs.stop()
