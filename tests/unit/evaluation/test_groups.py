"""Groups from a CSV: what is read, what is refused, what is counted."""

from dataclasses import replace

import numpy as np
import pytest

from app.decision.fit import fit
from app.decision.fusion import Vectors
from app.errors import InvalidRequest
from app.evaluation.gallery import Gallery, Refusal
from app.evaluation.groups import GroupResult, Groups, group_results, read_groups
from app.evaluation.measure import Evaluation, evaluate
from app.evaluation.operating import verdict
from app.evaluation.rates import fnir, fpir
from app.evaluation.report.fairness import unlike_groups
from app.pages.words import between, percent
from tests.unit.decision.people import people as numbers
from tests.unit.evaluation.galleries import (
    DIMENSION,
    MARGIN,
    calibration,
    gallery,
    of_people,
    plain,
    rates_of,
    trials,
)

PEOPLE = ["Ada", "Grace", "Zo\u00eb"]


def test_each_column_has_its_groups_however_an_accent_is_written() -> None:
    text = 'person,site,age\n Ada , Berlin,30\n\nGrace,Oslo,50\nZoe\u0308,"Oslo, west",30\n'
    groups = read_groups(text, PEOPLE, file="g.csv")
    assert groups.columns["site"] == {"Ada": "Berlin", "Grace": "Oslo", "Zo\u00eb": "Oslo, west"}
    assert groups.columns["age"] == {"Ada": "30", "Grace": "50", "Zo\u00eb": "30"}
    assert groups.unlisted([*PEOPLE, "Alan"]) == ["Alan"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "g.csv must begin with a header"),
        ("Ada,Berlin\n", "g.csv must begin with a header"),
        ("person\nAda\n", "g.csv must begin with a header"),
        ("person,site,site\nAda,x,y\n", "g.csv must begin with a header"),
        ("person;site\nAda;x\n", "g.csv must begin with a header"),
        ("person,site\n", "g.csv names nobody"),
        ("person,site\nAda,Berlin\nAlan,Oslo\n", "g.csv, line 3: nobody here is called 'Alan'"),
        ("person,site\nAda\n", "g.csv, line 2: a person and 1 group are needed"),
        ("person,site,age\nAda,x,\n", "g.csv, line 2: a person and 2 groups are needed"),
        ("person,site\nAda,x,y\n", "g.csv, line 2: a person and 1 group are needed"),
        ("person,site\nAda,x\nAda,y\n", "g.csv, line 3: 'Ada' stands there twice"),
        ('person,site\n"Ada,x\n', "g.csv, line 2: unexpected end of data"),
    ],
)
def test_what_does_not_fit_is_one_line_that_says_where(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        read_groups(text, PEOPLE, file="g.csv")
    assert error.value.detail.startswith(said)
    assert "\n" not in error.value.detail


def results(of: Gallery, groups: Groups, target: float = 0.1) -> dict[str, list[GroupResult]]:
    stated = rates_of(of).typical.threshold(target)
    return group_results((trials(of), plain(of)), of, groups, stated)


def test_a_group_is_measured_in_the_whole_gallery_by_both_rules() -> None:
    refused = [Refusal("p0", "p0/x", ("no_face",), ""), Refusal("p3", "p3/x", ("no_face",), "")]
    people = gallery([3, 2, 4, 1], refused=refused)
    text = "person,site\np0,B\np1,A\np2,A\n"
    a, b = results(people, read_groups(text, people.people, file="g"))["site"]
    assert (a.group, a.persons, a.images) == ("A", 2, 6)
    assert (b.group, b.persons, b.images) == ("B", 1, 4)
    assert a.fte is not None
    assert b.fte is not None
    assert (a.fte.events, b.fte.events, b.fte.trials) == (0, 1, 4)
    inside = np.isin(people.owners, [1, 2])
    at = rates_of(people).typical.limit(0.1)
    assert a.fnir == fnir(trials(people), at, among=inside)
    assert a.fpir == fpir(trials(people), at, among=inside)
    assert a.one_threshold_fnir == fnir(plain(people), at, among=inside)
    assert a.one_threshold_fpir == fpir(plain(people), at, among=inside)


def test_a_group_without_anything_to_measure_has_no_rate() -> None:
    people = gallery([3, 2, 1])
    groups = read_groups("person,site\np2,C\n", people.people, file="g")
    (only,) = results(people, groups)["site"]
    assert only.fnir is None
    assert only.one_threshold_fnir is None
    assert only.median_own is None
    assert only.fpir is not None


def test_a_group_of_refused_images_alone_has_no_rate_and_nothing_is_said_of_it() -> None:
    people = gallery([3, 2], refused=[Refusal("none", "none/x", ("no_face",), "")])
    people = replace(people, people=["p0", "p1", "none"], titles=["p0", "p1", "none"])
    groups = read_groups("person,site\nnone,C\n", people.people, file="g")
    found = evaluate(people, calibration(), target_fpir=0.1, groups=groups)
    (only,) = found.groups["site"]
    assert (only.fpir, only.one_threshold_fpir, only.outside) == (None, None, None)
    assert only.fte is not None
    assert only.fte.rate == 1
    assert unlike_groups(found) == []


def uneven(persons: int, *, widely: float, seed: int) -> Vectors:
    """Three images a person, whose first six coordinates vary ``widely``: the more they do, the
    more some strangers are alike and others unlike.
    """
    rng = np.random.default_rng(seed)
    width = np.ones(64)
    width[:6] = widely
    centres = rng.normal(size=(persons, 1, 64))
    rows = ((centres + 0.7 * rng.normal(size=(persons, 3, 64))) * width).reshape(-1, 64)
    vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def mixture(seed: int) -> Evaluation:
    """Two kinds of people in one gallery: as those of the calibration, and others among whom
    similarities spread more.
    """
    vectors, labels = numbers(800, 2)
    bundle = fit(vectors, labels, contract_id="none", data="numbers", margin=MARGIN)
    kinds = [uneven(150, widely=2.0, seed=seed), uneven(150, widely=1.0, seed=99 - seed)]
    of = of_people(np.concatenate(kinds), np.repeat(range(300), 3).tolist())
    lines = "".join(f"p{i},{'narrow' if i >= 150 else 'wide'}\n" for i in range(300))
    groups = read_groups(f"person,kind\n{lines}", of.people, file="g")
    return evaluate(of, bundle, target_fpir=0.1, groups=groups)


def test_one_threshold_is_unfair_to_a_kind_of_people_whom_standardised_scores_are_fair_to() -> None:
    for seed in range(3):
        found = mixture(seed)
        narrow, wide = found.groups["kind"]
        for each in (narrow, wide):
            assert each.outside is None
            assert each.fpir is not None
            assert each.fpir.low <= 0.1 <= each.fpir.high
        assert wide.one_threshold_fpir is not None
        assert narrow.one_threshold_fpir is not None
        assert verdict(wide.one_threshold_fpir, 0.1) == "exceeded"
        assert wide.one_threshold_fpir.rate > 3 * narrow.one_threshold_fpir.rate
        assert unlike_groups(found) == []


def test_a_group_for_whom_the_stated_rate_is_not_kept_is_named_in_words() -> None:
    people = gallery([2] * 60)
    twins = np.concatenate([people.vectors, people.vectors[:60]])  # thirty have a second name
    of = of_people(twins, [*people.owners.tolist(), *(people.owners[:60] + 60).tolist()])
    lines = "".join(f"p{i},{'two' if i < 30 or i >= 60 else 'one'}\n" for i in range(90))
    groups = read_groups(f"person,names\n{lines}", of.people, file="g")
    found = evaluate(of, calibration(), target_fpir=0.01, groups=groups)
    one, two = found.groups["names"]
    assert (one.outside, two.outside) == (None, "exceeded")
    said, chance = unlike_groups(found)
    assert two.fpir is not None
    assert f"names two: {percent(two.fpir.rate)} of its strangers are named (" in said
    assert (
        f" of 120; 95\N{NO-BREAK SPACE}% interval {between(two.fpir.low, two.fpir.high)})" in said
    )
    assert said.endswith("more often than the stated 1\N{NO-BREAK SPACE}%.")
    assert chance == "Chance alone shows this of one group in twenty; there are 2 groups here."


def test_a_group_whose_strangers_are_named_less_often_than_stated_is_named_too() -> None:
    rows = np.repeat(np.eye(DIMENSION, dtype=np.float32), 2, axis=0)  # nobody is like another
    people = of_people(rows, np.repeat(range(DIMENSION), 2).tolist())
    lines = "".join(f"p{i},x\n" for i in range(DIMENSION))
    groups = read_groups(f"person,all\n{lines}", people.people, file="g")
    found = evaluate(people, calibration(), target_fpir=0.5, groups=groups)
    (only,) = found.groups["all"]
    assert only.outside == "stricter"
    assert "less often than the stated 50" in unlike_groups(found)[0]
    assert unlike_groups(found)[1].endswith("there is 1 group here.")


def test_blanks_around_a_name_are_a_part_of_it_where_somebody_is_called_so() -> None:
    text = "person,shift\nAda ,day\n Ada,night\nBob , day\n"
    found = read_groups(text, ["Ada", "Ada ", "Bob"], file="g.csv").columns["shift"]
    assert found == {"Ada ": "day", "Ada": "night", "Bob": "day"}
