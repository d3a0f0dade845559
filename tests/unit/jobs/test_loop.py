"""Small jobs on one thread: at their interval, when woken and at the stop, whatever fails."""

from collections import defaultdict
from threading import Event

import pytest

from app.errors import NotReady
from app.jobs import loop
from app.jobs.loop import Job, Jobs


class Counts:
    """Counts the successes and failures of each job."""

    def __init__(self) -> None:
        self.of: dict[str, list[int]] = {}

    def expect_job(self, name: str) -> None:
        self.of[name] = [0, 0]

    def observe_job(self, name: str, *, seconds: float, succeeded: bool) -> None:
        assert 0 <= seconds < 60
        self.of[name][0 if succeeded else 1] += 1


@pytest.mark.parametrize(
    "error",
    [NotReady("The database does not answer; try again."), OSError(28, "full"), ValueError("odd")],
)
def test_a_job_that_fails_is_counted_runs_again_and_ends_no_other(error: Exception) -> None:
    runs: defaultdict[str, int] = defaultdict(int)
    enough = Event()

    def fails() -> None:
        runs["fails"] += 1
        raise error

    def works() -> None:
        runs["works"] += 1
        if min(runs["works"], runs["fails"]) >= 3:
            enough.set()

    counts = Counts()
    jobs = Jobs([Job("fails", fails, 0.001), Job("works", works, 0.001)], counts)
    assert counts.of == {"fails": [0, 0], "works": [0, 0]}
    jobs.start()
    assert enough.wait(60)
    jobs.stop()
    assert counts.of == {"fails": [0, runs["fails"]], "works": [runs["works"], 0]}


def test_a_job_runs_at_the_stop_where_it_asks_for_it_also_after_one_that_failed() -> None:
    runs: list[str] = []

    def fails() -> None:
        raise ValueError("odd")

    jobs = Jobs(
        [
            Job("fails", fails, 3600, at_stop=True),
            Job("counts", lambda: runs.append("counts"), 3600, at_stop=True),
            Job("purge", lambda: runs.append("purge"), 3600),
        ],
        Counts(),
    )
    jobs.start()
    jobs.stop()
    assert runs == ["counts"]


def test_a_job_that_is_woken_runs_at_once_and_once_more_where_it_was_running() -> None:
    begun, go_on, again = Event(), Event(), Event()

    def waits() -> None:
        if begun.is_set():
            again.set()
        begun.set()
        assert go_on.wait(60)

    jobs = Jobs([Job("sends", waits, 3600)], Counts())
    jobs.start()
    jobs.wake("sends")
    assert begun.wait(60)
    jobs.wake("sends")
    go_on.set()
    assert again.wait(60)
    jobs.stop()
    with pytest.raises(ValueError, match="no job 'odd'; there are sends"):
        jobs.wake("odd")


def test_a_job_that_hangs_does_not_keep_the_service_from_its_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loop, "STOP_SECONDS", 0.01)
    begun, go_on = Event(), Event()

    def hangs() -> None:
        begun.set()
        go_on.wait(60)

    jobs = Jobs([Job("hangs", hangs, 3600)], Counts())
    jobs.start()
    jobs.wake("hangs")
    assert begun.wait(60)
    jobs.stop()
    said = capsys.readouterr()
    assert "jobs.unfinished" in said.out + said.err
    go_on.set()


@pytest.mark.parametrize("started", [True, False])
def test_they_can_be_stopped_whether_they_began_or_not(started: bool) -> None:
    jobs = Jobs([], Counts())
    if started:
        jobs.start()
    jobs.stop()
