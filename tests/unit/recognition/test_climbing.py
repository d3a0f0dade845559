"""Many near misses of one person by one key, in a while, are reported; no others are."""

import pytest

from app.gallery.disclosure import in_steps
from app.observability.decision_metrics import Top
from app.observability.metrics import Metrics
from app.recognition import climbing
from app.recognition.climbing import MANY, WINDOW_SECONDS, ClimbWatch

NEAR, FAR = Top(0.42, 0.45, 0.04), Top(0.30, 0.45, 0.04)


class Seconds:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: False, lambda: 0.0)


@pytest.fixture
def watch(metrics: Metrics, clock: Seconds) -> ClimbWatch:
    return ClimbWatch(metrics.decisions, clock)


def reports(metrics: Metrics) -> float:
    lines = metrics.exposition().decode().splitlines()
    found = [each for each in lines if each.startswith("kith_climbs_suspected_total{")]
    return sum(float(each.split()[-1]) for each in found)


def misses(watch: ClimbWatch, times: int, *who: str, top: Top = NEAR) -> None:
    key, collection, person = who or ("key-1", "staff", "ada")
    for _ in range(times):
        watch.observe(key, collection, person, top)


def test_many_near_misses_are_reported_once_and_again_after_as_many(
    watch: ClimbWatch, metrics: Metrics
) -> None:
    misses(watch, MANY - 1)
    assert reports(metrics) == 0
    misses(watch, 1)
    assert reports(metrics) == 1
    misses(watch, MANY - 1)
    assert reports(metrics) == 1
    misses(watch, 1)
    assert reports(metrics) == 2


def test_misses_far_below_or_of_others_do_not_add_up(watch: ClimbWatch, metrics: Metrics) -> None:
    misses(watch, 10 * MANY, top=FAR)
    for person in ("ada", "bob"):
        for collection in ("staff", "lab"):
            for key in ("key-1", "key-2"):
                misses(watch, MANY - 1, key, collection, person)
    assert reports(metrics) == 0


def test_as_many_over_a_longer_while_are_no_climb(
    watch: ClimbWatch, metrics: Metrics, clock: Seconds
) -> None:
    for _ in range(5 * MANY):
        misses(watch, 1)
        clock.now += WINDOW_SECONDS / (MANY - 2)
    assert reports(metrics) == 0
    misses(watch, MANY)
    assert reports(metrics) == 1


def test_misses_in_a_collection_that_another_process_deleted_are_forgotten(
    watch: ClimbWatch, metrics: Metrics
) -> None:
    for collection in ("gone", "hq"):
        misses(watch, MANY - 1, "key", collection, "ada")
    watch.retain({"hq"})
    misses(watch, 1, "key", "gone", "ada")
    assert reports(metrics) == 0
    misses(watch, 1, "key", "hq", "ada")
    assert reports(metrics) == 1


def test_who_is_watched_does_not_grow_without_end(
    watch: ClimbWatch, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climbing, "_WATCHED", 5)
    for i in range(50):
        misses(watch, 1, "key-1", "staff", f"p{i}")
    assert len(watch._misses) == 5


@pytest.mark.parametrize(
    ("similarity", "shown"),
    [
        (0.45, 0.45),
        (0.4501, 0.45),
        (0.49999, 0.45),
        (0.5, 0.5),
        (0.3, 0.3),
        (1.0, 1.0),
        (0.2999, None),
        (-0.2, None),
    ],
)
def test_similarities_are_reported_in_steps_from_the_threshold_on(
    similarity: float, shown: float | None
) -> None:
    assert in_steps(similarity, 0.3) == shown
