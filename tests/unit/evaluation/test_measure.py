"""The whole evaluation: what it says of made-up people, and the JSON and page made of it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from app.decision.fusion import ROUNDING
from app.decision.reports import Reports
from app.evaluation.document import Source, as_json
from app.evaluation.examples import LEAST_LOOKALIKES
from app.evaluation.gallery import Gallery, Refusal
from app.evaluation.groups import read_groups
from app.evaluation.measure import MOST_EXAMPLES, Evaluation, evaluate
from app.evaluation.rates import fnir, fpir
from app.evaluation.report.page import as_html
from tests.unit.evaluation.galleries import (
    DIMENSION,
    calibration,
    gallery,
    of_people,
    plain,
    rates_of,
    trials,
)

SOURCE = Source("folder", "staff", datetime(2026, 5, 4, tzinfo=UTC), "0.1", "fake 1", "fake-00")
REFUSED = [Refusal("p3", "p3/x.jpg", ("low_quality", "extreme_pose"), "Face the camera.")]


def measured(people: Gallery, target: float = 0.01) -> Evaluation:
    return evaluate(people, calibration(), target_fpir=target)


@pytest.fixture(scope="module")
def some() -> Evaluation:
    people = gallery([1, 2, 3, 4] * 10, refused=REFUSED)
    text = "person,team\np0,A\np1,<b>B</b>\np2,A\n"
    groups = read_groups(text, people.people, file="groups")
    return evaluate(people, calibration(), target_fpir=0.01, groups=groups)


def test_kiths_threshold_is_that_of_a_typical_probe(some: Evaluation) -> None:
    people = gallery([1, 2, 3, 4] * 10)
    stated = rates_of(people).typical.threshold(0.01)
    assert some.kith_threshold.similarity == pytest.approx(stated.similarity, abs=1e-9)
    assert some.kith_threshold.stated == pytest.approx(stated.interval, rel=1e-6)
    assert some.kith_threshold.fpir == fpir(trials(people), stated.similarity)
    assert some.kith_threshold.fnir == fnir(trials(people), stated.similarity)
    here = some.at_target.here
    assert here.similarity == pytest.approx(some.kith_threshold.similarity, abs=1e-9)
    assert (here.fpir, here.fnir) == (some.kith_threshold.fpir, some.kith_threshold.fnir)


def test_one_threshold_is_the_same_similarity_for_every_probe(some: Evaluation) -> None:
    people, one = gallery([1, 2, 3, 4] * 10), some.one_threshold
    assert one.similarity == some.kith_threshold.similarity
    assert (one.stated, one.extrapolated) == (None, None)
    assert one.fpir == fpir(plain(people), one.similarity)
    assert one.fnir == fnir(plain(people), one.similarity)
    assert one.fpir != some.kith_threshold.fpir


def test_reports_of_strangers_who_were_named_raise_the_threshold() -> None:
    people = gallery([2] * 40)
    reported = replace(people, reports=Reports(false_positives=9, expected=1.0))
    before, after = measured(people).kith_threshold, measured(reported).kith_threshold
    assert after.similarity > before.similarity
    assert after.fpir.events <= before.fpir.events


def test_people_who_resemble_each_other_more_than_those_of_the_calibration_do_not_fit() -> None:
    fitting, other = (measured(gallery([3] * 60, alike=alike)) for alike in (1.0, 2.0))
    assert fitting.site.fits
    assert "differ from those of the calibration" not in as_html(SOURCE, fitting)
    assert not other.site.fits
    assert other.site.ratio > 2
    assert other.kith_threshold.similarity > fitting.kith_threshold.similarity
    assert "differ from those of the calibration" in as_html(SOURCE, other)


def test_what_was_measured_on_whom(some: Evaluation) -> None:
    assert some.size.persons == 40
    assert some.size.persons_with_two == 30
    assert (some.size.mated_probes, some.size.stranger_probes) == (90, 100)
    assert (some.size.templates_least, some.size.templates_most) == (1, 4)
    assert some.enrolment.images == 101
    assert some.enrolment.fte is not None
    assert some.enrolment.fte.events == 1
    assert some.enrolment.reasons == {"low_quality": 1, "extreme_pose": 1}
    assert [point.target for point in some.operating_points] == [0.1, 0.01, 0.001]
    assert not some.support.shown
    assert some.support.persons_needed == 381
    assert len(some.people_without_group) == 37


def test_the_det_curve_falls(some: Evaluation) -> None:
    for curve in (some.curves.measured, some.curves.kith, some.curves.larger):
        order = np.argsort(curve.similarity, kind="stable")
        assert (np.diff(np.array(curve.fpir)[order]) <= 0).all()
        assert (np.diff(np.array(curve.fnir)[order]) >= 0).all()
        assert all(low <= rate for low, rate in zip(curve.fpir_low, curve.fpir, strict=True))
        assert all(high >= rate for high, rate in zip(curve.fpir_high, curve.fpir, strict=True))
    assert some.curves.larger.persons == 400
    assert sum(some.curves.histogram.mated) == 90
    assert sum(some.curves.histogram.strangers) == 100


def test_misses_are_the_false_negatives_by_file_and_who_came_first(some: Evaluation) -> None:
    people = gallery([1, 2, 3, 4] * 10)
    scored = trials(people)
    assert some.misses_total == some.kith_threshold.fnir.events > 0
    assert len(some.misses) == min(some.misses_total, MOST_EXAMPLES)
    similarities = [miss.similarity for miss in some.misses]
    assert similarities == sorted(similarities)
    for miss in some.misses:
        probe = people.images.index(miss.image)
        assert miss.person == people.people[scored.owner[probe]]
        assert miss.similarity == pytest.approx(min(scored.own[probe], 1), abs=ROUNDING)
        reach = min(scored.enrolled.reach[probe], 1)
        assert miss.first_similarity == pytest.approx(reach, abs=ROUNDING)
        if miss.why == "other_first":
            assert miss.first == people.people[scored.lookalike[probe]]
            assert miss.first_similarity >= miss.similarity
        else:
            assert miss.first == miss.person
            assert miss.first_similarity < some.kith_threshold.similarity


def test_a_person_in_two_places_is_the_likest_pair_and_suspected() -> None:
    people = gallery([3] * 20, seed=5)
    owners = people.owners.copy()
    owners[2] = 20  # the third image of p0 lies in a folder of its own
    names = [*people.people, "p0 again"]
    one = measured(Gallery(people.vectors, owners, people.images, names, names, []))
    suspected = {
        frozenset((p.person, p.looks_like)) for p in one.lookalikes if p.perhaps_one_person
    }
    assert frozenset(("p0", "p0 again")) in suspected
    pairs = [frozenset((p.person, p.looks_like)) for p in one.lookalikes]
    assert len(pairs) == len({*pairs}) >= LEAST_LOOKALIKES
    ordered = [p.similarity for p in one.lookalikes]
    assert ordered == sorted(ordered, reverse=True)


def test_enough_people_show_a_target_by_themselves() -> None:
    many = measured(gallery([2] * 60), target=0.3)
    assert many.support.shown
    assert many.photos_interval[1] is not None
    assert "are enough to show 30" in as_html(SOURCE, many)


def test_the_smallest_gallery_that_can_be_measured_is() -> None:
    two = measured(gallery([2, 1]))
    assert two.size.mated_probes == 2
    assert two.kith_threshold.fnir.persons == 1
    assert json.loads(as_json(SOURCE, two))["size"]["persons"] == 2
    assert "<svg" in as_html(SOURCE, two)


def test_the_json_has_the_documented_fields_and_no_number_that_is_none(some: Evaluation) -> None:
    content: dict[str, Any] = json.loads(as_json(SOURCE, some), parse_constant=pytest.fail)
    assert content["format"] == 2
    assert content["made_at"] == "2026-05-04T00:00:00+00:00"
    assert list(content) == [
        *("format", "kind", "name", "made_at", "kith", "model", "contract_id"),
        *("left_out", "target_fpir", "templates", "enrolment", "size", "support", "site", "rank1"),
        *("kith_threshold", "one_threshold", "photos_threshold", "photos_interval"),
        *("operating_points", "misses", "misses_total", "lookalikes", "lookalikes_total"),
        *("groups", "people_without_group", "curves"),
    ]
    assert content["kith_threshold"]["fpir"]["trials"] == 100
    assert content["groups"]["team"][0]["group"] == "<b>B</b>"
    assert list(content["groups"]["team"][0]) == [
        *("group", "persons", "images", "fte", "fnir", "fpir"),
        *("one_threshold_fnir", "one_threshold_fpir", "outside", "median_own"),
    ]
    assert list(content["curves"]) == ["measured", "one_threshold", "kith", "larger", "histogram"]
    assert content["enrolment"]["refused"][0]["image"] == "p3/x.jpg"


class _Tags(HTMLParser):
    """Every tag must be closed in its turn."""

    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_reaches_for_nothing_outside(some: Evaluation) -> None:
    html = as_html(replace(SOURCE, name="<script>alert(1)</script>"), some)
    tags = _Tags()
    tags.feed(html)
    assert tags.open == []
    assert not tags.seen & {"script", "img", "link", "iframe"}
    assert not re.search(r"https?:|url\(|@import|src=|href=", html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;B&lt;/b&gt;" in html


def test_the_page_shows_what_the_numbers_are(some: Evaluation) -> None:
    html = as_html(SOURCE, some)
    assert f"{some.kith_threshold.similarity:.3f}" in html
    assert "p3/x.jpg" in html
    assert "Face the camera." in html
    assert all(miss.image in html for miss in some.misses)
    assert html.count('<svg class="chart"') == 3


def test_a_rate_above_what_is_stated_is_said_first() -> None:
    rows = np.repeat(np.eye(DIMENSION, dtype=np.float32), 6, axis=0)  # each face has three names
    owners = np.repeat(range(3 * DIMENSION), 2).tolist()
    found = measured(replace(of_people(rows, owners), refused=None))
    assert found.kith_threshold.fpir.rate == 1
    html = as_html(SOURCE, found)
    assert 'class="note exceeded"' in html
    assert "may be one person in two places" in html
    assert "Not known: a collection keeps no record" in html


def test_the_page_says_for_which_group_the_stated_rate_is_not_kept(some: Evaluation) -> None:
    assert "is not kept for every group" not in as_html(SOURCE, some)
    rows = np.repeat(np.eye(DIMENSION, dtype=np.float32), 4, axis=0)
    double = of_people(rows, np.repeat(range(2 * DIMENSION), 2).tolist())
    text = "person,team\n" + "".join(f"p{i},<i>all</i>\n" for i in range(2 * DIMENSION))
    groups = read_groups(text, double.people, file="groups")
    html = as_html(SOURCE, evaluate(double, calibration(), target_fpir=0.01, groups=groups))
    assert "is not kept for every group. team &lt;i&gt;all&lt;/i&gt;: 100" in html
