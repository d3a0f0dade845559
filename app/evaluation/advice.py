"""The verdict of an evaluation, and what to do about it; the words are those of a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from app.evaluation.measure import Evaluation
from app.evaluation.operating import OperatingPoint, verdict

Verdict = Literal["exceeded", "stricter", "shown", "possible"]
"""Strangers are named more often than stated; less often; as stated, which these people are enough
to show; as stated, as far as so few people can show it.
"""
What = Literal[
    "one_person",
    "rarer",
    "groups",
    "missed",
    "alike",
    "retake",
    "second_photo",
    "more_photos",
    "other_camera",
    "more_people",
    "as_many_photos",
]
_OFTEN_MISSED: Final = 0.05
"""The FNIR from which on more or better photos are advised: one in twenty."""
_SEVERAL: Final = 3
"""Photos a person, of which a probe leaves two: with fewer at the door it is worth another look."""


@dataclass(frozen=True, slots=True)
class Todo:
    """Something to do: how many people, photos or pairs it is about, and another operating point
    that is worth a look.
    """

    what: What
    number: int = 0
    instead: OperatingPoint | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The verdict, whether people are missed often, and what to do, most pressing first."""

    verdict: Verdict
    often_missed: bool
    todo: list[Todo]


def advice(measured: Evaluation) -> Advice:
    """The advice that the numbers give."""
    often_missed = measured.kith_threshold.fnir.rate > _OFTEN_MISSED
    return Advice(
        _verdict(measured), often_missed, list(_todo(measured, often_missed=often_missed))
    )


def _verdict(measured: Evaluation) -> Verdict:
    found = verdict(measured.kith_threshold.fpir, measured.target_fpir)
    if found != "consistent":
        return found
    return "shown" if measured.support.shown else "possible"


def _todo(measured: Evaluation, *, often_missed: bool) -> Iterator[Todo]:
    size, enrolment = measured.size, measured.enrolment
    doubtful = sum(each.perhaps_one_person for each in measured.lookalikes)
    named = sum(each.named and not each.perhaps_one_person for each in measured.lookalikes)
    unlike = sum(each.outside is not None for some in measured.groups.values() for each in some)
    single = size.persons - size.persons_with_two
    found: tuple[tuple[What, int, OperatingPoint | None], ...] = (
        ("one_person", doubtful, None),
        ("rarer", int(_verdict(measured) == "exceeded"), _rarer(measured)),
        ("groups", unlike, None),
        ("missed", measured.misses_total, None),
        ("alike", named, None),
        ("retake", len(enrolment.refused or ()), None),
        ("second_photo", single, None),
        ("more_photos", int(often_missed), _more_often(measured)),
        ("other_camera", int(not measured.site.fits), None),
        ("more_people", 0 if measured.support.shown else measured.support.persons_needed, None),
        ("as_many_photos", _photos(measured), None),
    )
    for what, number, instead in found:
        if number:
            yield Todo(what, number, instead)


def _rarer(measured: Evaluation) -> OperatingPoint | None:
    """The point at which strangers are named as rarely as was asked for, if it was measured."""
    target = measured.target_fpir
    points = [each for each in measured.operating_points if each.target < target]
    return next((each for each in points if each.here.fpir.rate <= target), None)


def _more_often(measured: Evaluation) -> OperatingPoint | None:
    """The next point at which strangers are named more often, and fewer people missed."""
    points = [each for each in measured.operating_points if each.target > measured.target_fpir]
    missed = measured.kith_threshold.fnir.rate
    return next((each for each in points[::-1] if each.here.fnir.rate < missed), None)


def _photos(measured: Evaluation) -> int:
    """The photos that half of the people have at least, where another number was not asked for."""
    median = int(measured.size.templates_median)
    return median if measured.templates is None and median >= _SEVERAL else 0
