"""Groups from a CSV: what is read, what is refused, what is counted."""

import numpy as np
import pytest

from app.errors import InvalidRequest
from app.evaluation.gallery import Refusal
from app.evaluation.groups import group_results, read_groups
from app.evaluation.rates import fnir, fpir
from tests.unit.evaluation.galleries import gallery, trials

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


def test_a_group_is_measured_in_the_whole_gallery() -> None:
    refused = [Refusal("p0", "p0/x", ("no_face",), ""), Refusal("p3", "p3/x", ("no_face",), "")]
    people = gallery([3, 2, 4, 1], refused=refused)
    some = trials(people)
    text = "person,site\np0,B\np1,A\np2,A\n"
    found = group_results(some, people, read_groups(text, people.people, file="g"), 0.5)
    a, b = found["site"]
    assert (a.group, a.persons, a.images) == ("A", 2, 6)
    assert (b.group, b.persons, b.images) == ("B", 1, 4)
    assert a.fte is not None
    assert b.fte is not None
    assert (a.fte.events, b.fte.events, b.fte.trials) == (0, 1, 4)
    inside = np.isin(people.owners, [1, 2])
    assert a.fnir == fnir(some, 0.5, among=inside)
    assert a.fpir == fpir(some, 0.5, among=inside)


def test_a_group_without_anything_to_measure_has_no_rate() -> None:
    people = gallery([3, 2, 1])
    groups = read_groups("person,site\np2,C\n", people.people, file="g")
    (only,) = group_results(trials(people), people, groups, 0.5)["site"]
    assert only.fnir is None
    assert only.median_own is None
    assert only.fpir is not None


def test_blanks_around_a_name_are_a_part_of_it_where_somebody_is_called_so() -> None:
    text = "person,shift\nAda ,day\n Ada,night\nBob , day\n"
    found = read_groups(text, ["Ada", "Ada ", "Bob"], file="g.csv").columns["shift"]
    assert found == {"Ada ": "day", "Ada": "night", "Bob": "day"}
