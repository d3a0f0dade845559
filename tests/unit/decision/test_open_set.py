"""Known, unknown or ambiguous."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.open_set import Decision, Outcome, decide

similarity = st.floats(-1, 1)
best_first = st.lists(similarity, max_size=8).map(lambda some: sorted(some, reverse=True))
margins = st.floats(0, 0.5)


@given(best_first, similarity, margins)
def test_the_decision_is_its_definition(scores: list[float], least: float, margin: float) -> None:
    reaching = [score for score in scores if score >= least]
    rivals = [score for score in reaching if reaching[0] - score <= margin]
    expected = {
        0: Decision(Outcome.UNKNOWN, None),
        1: Decision(Outcome.IDENTIFIED, 0),
    }.get(len(rivals), Decision(Outcome.AMBIGUOUS, None))
    assert decide(scores, least, margin=margin) == expected


@given(best_first, similarity, similarity, margins)
def test_a_stricter_threshold_names_no_unknown(
    scores: list[float], one: float, other: float, margin: float
) -> None:
    low, high = sorted([one, other])
    if decide(scores, low, margin=margin).outcome is Outcome.UNKNOWN:
        assert decide(scores, high, margin=margin).outcome is Outcome.UNKNOWN


@given(best_first, similarity, similarity, margins)
def test_what_a_caller_asks_for_in_addition_names_nobody_else(
    scores: list[float], threshold: float, least: float, margin: float
) -> None:
    plain = decide(scores, threshold, margin=margin)
    reaches = bool(scores) and scores[0] >= least
    expected = plain if reaches else Decision(Outcome.UNKNOWN, None)
    assert decide(scores, threshold, margin=margin, least=least) == expected


@given(best_first, similarity, margins)
def test_who_is_below_the_threshold_changes_nothing(
    scores: list[float], least: float, margin: float
) -> None:
    reaching = [score for score in scores if score >= least]
    assert decide(scores, least, margin=margin) == decide(reaching, least, margin=margin)


@given(st.lists(similarity, min_size=1, max_size=8), similarity, margins)
def test_only_the_best_is_ever_named(scores: list[float], least: float, margin: float) -> None:
    decision = decide(sorted(scores, reverse=True), least, margin=margin)
    assert decision.winner in (None, 0)
    assert (decision.winner == 0) == (decision.outcome is Outcome.IDENTIFIED)


def test_reaching_the_threshold_exactly_is_enough() -> None:
    assert decide([0.5], 0.5, margin=0.0).outcome is Outcome.IDENTIFIED
    assert decide([0.5], math.nextafter(0.5, 1), margin=0.0).outcome is Outcome.UNKNOWN


def test_two_who_are_equally_near_are_separated_by_nothing() -> None:
    assert decide([0.9, 0.9], 0.5, margin=0.0).outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize("scores", [[], [math.nan], [math.nan, math.nan]])
def test_no_score_and_no_number_is_unknown(scores: list[float]) -> None:
    assert decide(scores, -1.0, margin=0.1) == Decision(Outcome.UNKNOWN, None)
