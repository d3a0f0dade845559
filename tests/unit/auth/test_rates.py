"""A token bucket for each key: held against a slow account of what was let through."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.principal import Principal, Scope
from app.auth.rates import Rates
from app.errors import RateLimited


class Seconds:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def caller(rate: int | None, name: str = "key-1") -> Principal:
    return Principal(name, frozenset({Scope.READ}), None, rate=rate)


def asked(rates: Rates, who: Principal, times: int) -> int:
    """How many of this many requests at once are let through."""
    through = 0
    for _ in range(times):
        try:
            rates.take(who)
        except RateLimited:
            continue
        through += 1
    return through


def test_a_key_without_a_rate_is_never_held_up() -> None:
    assert asked(Rates(), caller(None), 5000) == 5000


def test_a_minutes_requests_may_come_at_once_and_then_as_they_fill_up() -> None:
    clock = Seconds()
    rates = Rates(clock)
    assert asked(rates, caller(30), 100) == 30
    clock.now += 1.9
    assert asked(rates, caller(30), 1) == 0
    clock.now += 0.2
    assert asked(rates, caller(30), 5) == 1
    clock.now += 3600
    assert asked(rates, caller(30), 100) == 30


def test_one_key_holds_up_no_other() -> None:
    rates = Rates(Seconds())
    assert asked(rates, caller(2, "a"), 9) == 2
    assert asked(rates, caller(2, "b"), 9) == 2


@pytest.mark.parametrize("rate", [1, 7, 60, 61, 6000])
def test_a_client_that_waits_as_long_as_asked_is_let_through(rate: int) -> None:
    clock = Seconds()
    rates = Rates(clock)
    asked(rates, caller(rate), rate)
    with pytest.raises(RateLimited) as refused:
        rates.take(caller(rate))
    assert refused.value.retry_after >= 1
    clock.now += refused.value.retry_after
    rates.take(caller(rate))


@given(
    rate=st.integers(1, 100),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 20)), max_size=40),
)
def test_no_stretch_of_time_sees_more_than_its_share(
    rate: int, steps: Sequence[tuple[float, int]]
) -> None:
    clock = Seconds()
    rates = Rates(clock)
    seen: list[tuple[float, int]] = []
    for pause, times in steps:
        clock.now += pause
        seen.append((clock.now, asked(rates, caller(rate), times)))
    for i, (start, _) in enumerate(seen):
        for end, _ in seen[i:]:
            through = sum(count for at, count in seen if start <= at <= end)
            assert through <= rate + (end - start) * rate / 60 + 1e-6


def test_buckets_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.auth.rates._MOST", 3)
    clock = Seconds()
    rates = Rates(clock)
    for name in "abcde":
        clock.now += 1
        assert asked(rates, caller(2, name), 3) == 2
    assert len(rates._buckets) == 3
    assert asked(rates, caller(2, "e"), 1) == 0
