"""Leave-one-out in one product, against enrolling everybody anew for every probe."""

import numpy as np
import pytest

from app.decision.fusion import ROUNDING, fuse
from app.errors import InvalidRequest
from app.evaluation import trials as room
from app.evaluation.gallery import Gallery
from app.evaluation.trials import Trials, leave_one_out
from tests.unit.evaluation.galleries import gallery, trials


def _literally(of: Gallery, probe: int) -> dict[int, float]:
    """The probe's similarity to everybody, all enrolled anew without the probe."""
    scores = {}
    for person in {*of.owners.tolist()}:
        rows = [i for i in np.flatnonzero(of.owners == person).tolist() if i != probe]
        if rows:
            scores[person] = float(of.vectors[probe] @ fuse(of.vectors[rows]))
    return scores


@pytest.mark.parametrize("images", [(3, 1, 2, 5, 1, 4), (2, 2), (1, 2), (2,) * 40])
def test_every_probe_scores_as_if_all_were_enrolled_anew(images: tuple[int, ...]) -> None:
    people = gallery(images, seed=3)
    fast = trials(people)
    for probe, owner in enumerate(people.owners.tolist()):
        scores = _literally(people, probe)
        own = scores.pop(owner, -np.inf)
        others = sorted(scores.items(), key=lambda item: item[1], reverse=True)
        assert fast.owner[probe] == owner
        assert fast.own[probe] == pytest.approx(own, abs=1e-6)
        assert fast.best[probe] == pytest.approx(others[0][1], abs=1e-6)
        assert fast.lookalike[probe] == others[0][0]
        second = others[1][1] if len(others) > 1 else -np.inf
        assert fast.second[probe] == pytest.approx(second, abs=1e-6)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    people, steps = gallery([3] * 20), list[int]()
    whole = trials(people)
    monkeypatch.setattr(room, "_SCORES", 7 * 20)
    parts = leave_one_out(people, steps.append)
    assert sum(steps) == 60
    assert len(steps) == 9
    np.testing.assert_allclose(whole.best, parts.best, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(whole.second, parts.second, rtol=0, atol=ROUNDING)
    assert (whole.best - whole.second).min() > ROUNDING, "of the data: nobody's two nearest tie"
    np.testing.assert_array_equal(whole.lookalike, parts.lookalike)


def test_a_picture_that_two_people_share_counts_against_the_system_however_it_is_rounded() -> None:
    """The product is float32 and in blocks, what leaves the probe out is float64."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 128))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    vectors = np.concatenate([rows, np.roll(rows, -1, axis=0)])  # the next one has it too
    owners = np.tile(np.arange(300), 2)
    order = np.argsort(owners, kind="stable")
    names = [f"p{i}" for i in range(300)]
    images = [str(i) for i in range(600)]
    people = Gallery(vectors[order], owners[order], images, names, names, [])
    shared = Trials(
        owner=owners,
        own=np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64),
        best=(vectors @ vectors.T).diagonal().astype(np.float64),
        second=np.full(600, -1.0),
        lookalike=np.roll(owners, 1),
        persons=300,
    )
    assert not shared.first.any()
    assert not trials(people).first.any()


def test_whoever_is_nearer_by_more_than_rounding_is_first() -> None:
    owner = np.array([0, 1])
    nearer = Trials(
        owner,
        own=np.array([0.5, 0.5]),
        best=np.array([0.5 - 2 * ROUNDING, 0.5 + 2 * ROUNDING]),
        second=np.zeros(2),
        lookalike=np.array([1, 0]),
        persons=2,
    )
    assert nearer.first.tolist() == [True, False]


def test_images_that_cancel_out_are_enrolled_as_they_would_be() -> None:
    rows = np.eye(4, dtype=np.float32)[[0, 1, 1, 2]]
    rows[2] *= -1
    people = Gallery(rows, np.array([0, 0, 0, 1]), list("abcd"), ["p", "q"], ["p", "q"], [])
    own = trials(people).own
    assert own[0] == pytest.approx(_literally(people, 0)[0])
    assert np.isfinite(own[:3]).all()


def test_somebody_without_a_usable_image_is_no_stranger_and_not_enrolled() -> None:
    people = gallery([2, 3])
    names = ["nobody", "p0", "p1"]
    padded = Gallery(people.vectors, people.owners + 1, people.images, names, names, [])
    assert trials(padded).persons == 2
    np.testing.assert_allclose(trials(padded).best, trials(people).best, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ((4,), "1 of 1 people"),
        ((1, 1, 1), "None of the 3 people has two usable images"),
        ((), "0 "),
    ],
)
def test_too_little_to_measure_is_said(images: tuple[int, ...], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        gallery(images)
