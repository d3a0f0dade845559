"""The verdict, and what to do: each advice where it is due and nowhere else, in words."""

from dataclasses import replace

import numpy as np
import pytest

from app.evaluation.advice import Advice, advice
from app.evaluation.gallery import Gallery, Refusal
from app.evaluation.groups import read_groups
from app.evaluation.measure import Evaluation, evaluate
from app.evaluation.report.page import as_lines
from tests.unit.evaluation.galleries import DIMENSION, calibration, gallery, of_people


def measured(people: Gallery, target: float = 0.01) -> Evaluation:
    return evaluate(people, calibration(), target_fpir=target)


def whats(found: Advice) -> list[str]:
    return [each.what for each in found.todo]


@pytest.fixture(scope="module")
def clear() -> Evaluation:
    """People who are unlike each other, each always the same."""
    rows = np.repeat(np.eye(DIMENSION, dtype=np.float32), 3, axis=0)
    owners = np.repeat(range(DIMENSION), 3).tolist()
    return measured(of_people(rows, owners), target=0.3)


def test_where_all_is_well_there_is_nothing_to_do(clear: Evaluation) -> None:
    fine = replace(clear, templates=2, site=replace(clear.site, fits=True))
    assert clear.support.shown
    assert advice(fine).todo == []
    assert advice(fine).verdict in ("shown", "stricter")


def test_photos_of_everybody_ask_what_fewer_would_do(clear: Evaluation) -> None:
    assert whats(advice(replace(clear, site=replace(clear.site, fits=True)))) == ["as_many_photos"]
    assert "measure with as many as they will have (--templates)." in as_lines(clear)[-1]


def test_few_people_are_too_few_and_the_number_is_said() -> None:
    found = measured(gallery([1, 2, 3, 4] * 10))
    assert advice(found).verdict == "possible"
    assert "40 people are too few to show it" in as_lines(found)[0]
    (more,) = (each for each in advice(found).todo if each.what == "more_people")
    assert more.number == found.support.persons_needed == 381
    assert any("it takes 381 to show 1" in line for line in as_lines(found))


def test_a_single_photo_a_refused_one_and_a_miss_are_to_be_seen_to() -> None:
    refused = [Refusal("p3", f"p3/{i}.jpg", ("low_quality",), "Face the camera.") for i in (1, 2)]
    found = measured(gallery([1, 2, 3, 4] * 10, refused=refused))
    todo = {each.what: each.number for each in advice(found).todo}
    assert (todo["retake"], todo["second_photo"]) == (2, 10)
    assert todo["missed"] == found.misses_total > 0
    lines = "\n".join(as_lines(found))
    assert "Take 2 photos again that were refused" in lines
    assert "Give 10 people who have a single photo another one" in lines


def test_people_under_two_names_are_said_first() -> None:
    rows = np.repeat(np.eye(DIMENSION, dtype=np.float32), 6, axis=0)  # each face has three names
    found = measured(of_people(rows, np.repeat(range(3 * DIMENSION), 2).tolist()))
    assert advice(found).verdict == "exceeded"
    assert as_lines(found)[0].startswith("It does not hold: ")
    assert whats(advice(found))[:2] == ["one_person", "rarer"]
    assert as_lines(found)[1].startswith("1. Look at ")
    assert "no rate that was measured keeps 1" in as_lines(found)[2]


def test_a_rate_that_is_not_kept_leads_to_one_that_is() -> None:
    """People of the gallery resemble each other more than those of the calibration."""
    found = measured(gallery([3] * 60, alike=2.0), target=0.1)
    exceeded = replace(found.at_target.here.fpir, rate=0.3, low=0.2, high=0.4)
    here = replace(found.kith_threshold, fpir=exceeded)
    points = [
        replace(each, here=here) if each.target == 0.1 else each for each in found.operating_points
    ]
    (rarer,) = (
        each
        for each in advice(replace(found, kith_threshold=here, operating_points=points)).todo
        if each.what == "rarer"
    )
    assert rarer.instead is not None
    assert rarer.instead.target == 0.01
    assert rarer.instead.here.fpir.rate <= 0.1


def test_who_is_missed_often_needs_more_photos_or_another_rate() -> None:
    found = measured(replace(gallery([4] * 40), templates=1), target=0.001)
    assert found.kith_threshold.fnir.rate > 0.05
    assert "People are missed often." in as_lines(found)[0]
    (more,) = (each for each in advice(found).todo if each.what == "more_photos")
    assert more.instead is not None
    assert more.instead.target == 0.01
    assert more.instead.here.fnir.rate < found.kith_threshold.fnir.rate
    assert "as_many_photos" not in whats(advice(found)), "it was measured with as many"


def test_people_unlike_the_calibration_and_groups_are_named() -> None:
    rows = np.repeat(np.eye(DIMENSION, dtype=np.float32), 4, axis=0)
    double = of_people(rows, np.repeat(range(2 * DIMENSION), 2).tolist())
    text = "person,team\n" + "".join(f"p{i},all\n" for i in range(2 * DIMENSION))
    groups = read_groups(text, double.people, file="groups")
    found = evaluate(double, calibration(), target_fpir=0.01, groups=groups)
    assert not found.site.fits
    assert {"groups", "other_camera"} <= {*whats(advice(found))}
    for ratio, said in ((8.0, "8 times as often"), (0.125, "8 times less often")):
        site = replace(found.site, ratio=ratio, ratio_interval=(ratio / 2, ratio * 2))
        lines = "\n".join(as_lines(replace(found, site=site)))
        assert f"would be named {said} as stated" in lines or f"{said} than stated" in lines
        assert "(between 4 and 16)" in lines
