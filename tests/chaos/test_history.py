"""The checker agrees with a search that tries every order."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.history import Effect, Operation, linearizable, unanswered

moments = st.integers(0, 8)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    effect, called = draw(st.sampled_from(Effect)), draw(moments)
    if effect in (Effect.ENROLLED, Effect.REMOVED) and draw(st.booleans()):
        return unanswered(called, effect)
    return Operation(called, called + draw(st.integers(1, 4)), effect)


def explained(order: tuple[Operation, ...]) -> bool:
    """Whether the operations can have happened in just this order."""
    now = False
    for index, each in enumerate(order):
        if any(later.answered < each.called for later in order[index + 1 :]):
            return False
        found, leaves = each.effect.value
        if found != now:
            return False
        now = leaves
    return True


def slowly(every: list[Operation]) -> bool:
    """Try each subset of the uncertain, in each order."""
    certain = [each for each in every if not each.uncertain]
    maybe = [each for each in every if each.uncertain]
    for mask in range(2 ** len(maybe)):
        happened = certain + [each for i, each in enumerate(maybe) if mask >> i & 1]
        if any(explained(order) for order in permutations(happened)):
            return True
    return False


@settings(deadline=None)
@given(st.lists(operations(), max_size=5))
def test_the_checker_agrees_with_trying_every_order(every: list[Operation]) -> None:
    assert linearizable(every) == slowly(every)


@pytest.mark.parametrize(
    ("last", "fine"),
    [
        (Operation(5, 6, Effect.UNSEEN), True),
        (Operation(5, 6, Effect.SEEN), False),  # named after the removal was answered
        (Operation(3, 6, Effect.SEEN), True),  # while it was under way
    ],
)
def test_a_person_named_after_the_removal_was_answered_is_noticed(
    last: Operation, fine: bool
) -> None:
    before = [Operation(0, 1, Effect.ENROLLED), Operation(2, 4, Effect.REMOVED)]
    assert linearizable([*before, last]) is fine


def test_a_write_without_an_answer_may_have_happened_or_not_but_not_change_its_mind() -> None:
    before = [unanswered(0, Effect.ENROLLED)]
    seen, unseen = Operation(1, 2, Effect.SEEN), Operation(3, 4, Effect.UNSEEN)
    assert linearizable([*before, seen])
    assert linearizable([*before, unseen])
    assert not linearizable([*before, seen, unseen])
