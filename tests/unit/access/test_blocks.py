"""How long a door is blocked after suspected spoofs."""

from datetime import UTC, datetime, timedelta

from app.access.policy.blocks import BlockAfter, blocked_until

START = datetime(2027, 6, 7, tzinfo=UTC)
LIMITS = BlockAfter()


def after(*seconds: float) -> float | None:
    """The end of the block, in seconds, after spoofs at these."""
    until = blocked_until((START + timedelta(seconds=each) for each in seconds), LIMITS)
    return None if until is None else (until - START).total_seconds()


def burst(start: float) -> list[float]:
    return [start + each for each in range(5)]


def test_five_within_two_minutes_block_for_half_a_minute() -> None:
    assert after() is None
    assert after(0, 1, 2, 3) is None
    assert after(0, 1, 2, 3, 119.9) == 149.9
    assert after(0, 1, 2, 3, 120) is None
    assert after(4, 2, 0, 1, 3) == 34


def test_each_further_block_is_twice_as_long_up_to_the_longest() -> None:
    spoofs: list[float] = []
    lengths = []
    end = 0.0
    for _ in range(6):
        spoofs += burst(end)
        until = after(*spoofs)
        assert until is not None
        lengths.append(until - spoofs[-1])
        end = until
    assert lengths == [30, 60, 120, 240, 300, 300]


def test_spoofs_during_a_block_do_not_prolong_it() -> None:
    assert after(*burst(0), 10, 11, 12, 13, 14, 15) == 34


def test_after_a_quiet_window_it_begins_again() -> None:
    assert after(*burst(0), *burst(34 + 120)) == 34 + 120 + 4 + 30
    assert after(*burst(0), *burst(34 + 119)) == 34 + 119 + 4 + 60
