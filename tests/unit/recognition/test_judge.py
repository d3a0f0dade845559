"""The person who is named of the nearest ones, and the persons whom an answer must show."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.decision.open_set import Outcome, decide
from app.recognition.matches import Match, PersonSummary, is_other, judge

matches = st.lists(st.tuples(st.floats(-1, 1), st.booleans()), max_size=8).map(
    lambda rows: [
        Match(
            PersonSummary(i, f"p{i}", None, None), similarity, i, reported, np.zeros(2, np.float32)
        )
        for i, (similarity, reported) in enumerate(sorted(rows, reverse=True))
    ]
)


@given(matches, st.floats(-1, 1), st.floats(0, 0.5))
def test_it_is_as_if_those_who_may_not_be_named_were_not_there(
    found: list[Match], threshold: float, margin: float
) -> None:
    possible = [match for match in found if not match.reported_not_them]
    expected = decide([match.similarity for match in possible], threshold, margin=margin)
    judged = judge(found, threshold, margin=margin)
    assert judged.outcome is expected.outcome
    assert judged.winner is (None if expected.winner is None else possible[expected.winner])


@given(matches, st.floats(-1, 1), st.floats(0, 0.5))
def test_two_who_are_ambiguous_are_both_shown(
    found: list[Match], threshold: float, margin: float
) -> None:
    judged = judge(found, threshold, margin=margin)
    shown = [match for match in found[: judged.shown] if not match.reported_not_them]
    if judged.outcome is Outcome.AMBIGUOUS:
        assert len(shown) == 2
        assert min(match.similarity for match in shown) >= threshold
        assert shown[0].similarity - shown[1].similarity <= margin
    else:
        assert judged.shown == 1


def test_a_probe_as_near_to_somebody_reported_as_to_the_person_is_not_them() -> None:
    probe = np.array([1, 0], np.float32)
    others = np.array([[0.6, 0.8]], np.float32)
    assert is_other(probe, 0.59, others)
    for rounded in (-1e-6, 0, 1e-6):  # by the processor, or by how many rows are multiplied
        assert is_other(probe, 0.6 + rounded, others)
    assert not is_other(probe, 0.6001, others)
    assert not is_other(probe, 0.61, others)
    assert not is_other(probe, -1.0, None)
