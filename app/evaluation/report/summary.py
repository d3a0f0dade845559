"""The top of the page: what somebody who reads nothing else must know."""

from collections.abc import Iterable
from html import escape

from app.evaluation.document import Source
from app.evaluation.measure import Evaluation
from app.evaluation.operating import verdict
from app.evaluation.report.markup import counted, interval, note
from app.evaluation.report.words import count, percent, similarity, tally


def header(source: Source, measured: Evaluation) -> str:
    """What was evaluated, when and with what."""
    size = measured.size
    what = "a folder of photographs" if source.kind == "folder" else "a collection"
    return (
        f'<header><p class="kicker">Open-set identification, evaluated on {what}</p>'
        f"<h1>{escape(source.name)}</h1>"
        f'<p class="soft">{count(size.persons, "person", "people")}, '
        f"{count(size.stranger_probes, 'image')}, target FPIR {percent(measured.target_fpir)} · "
        f"{source.made_at:%d %B %Y, %H:%M} · Kith {escape(source.kith)}, "
        f"model {escape(source.model)}</p></header>"
    )


def cards(measured: Evaluation) -> str:
    """The six numbers."""
    kith, larger = measured.kith_threshold, measured.at_target.larger
    enrolment = measured.enrolment
    refused = (
        ("not known", "a collection keeps no record of refused images")
        if enrolment.fte is None
        else (
            percent(enrolment.fte.rate),
            f"{tally(enrolment.fte)} images; {interval(enrolment.fte)}",
        )
    )
    stated = f"for {percent(measured.target_fpir)} at N = {measured.size.persons:,}"
    cards = [
        ("Threshold that Kith sets", similarity(kith.similarity), stated),
        ("Strangers named (FPIR)", percent(kith.fpir.rate), counted(kith.fpir)),
        ("People missed (FNIR)", percent(kith.fnir.rate), counted(kith.fnir)),
        ("First in the list (rank 1)", percent(measured.rank1.rate), counted(measured.rank1)),
        ("Failure to enrol (FTE)", *refused),
        (
            f"Missed at N = {larger.persons:,}",
            percent(larger.fnir),
            f"extrapolated, at the threshold {similarity(larger.similarity)}",
        ),
    ]
    return f'<div class="cards">{"".join(_card(*card) for card in cards)}</div>'


def _card(what: str, value: str, how: str) -> str:
    return (
        f'<div class="card"><div class="what">{escape(what)}</div>'
        f'<div class="value">{escape(value)}</div><div class="how">{escape(how)}</div></div>'
    )


def findings(measured: Evaluation) -> Iterable[str]:
    """What the numbers mean, in sentences."""
    yield _verdict_note(measured)
    yield _support_note(measured)
    site = measured.site
    if not site.fits:
        low, high = site.ratio_interval
        yield note(
            "warn",
            f"The calibration as shipped does not fit these people: at its own threshold strangers "
            f"would be named {site.ratio:.2g} times as often as stated ({low:.2g} to {high:.2g}). "
            "Another camera, light or population does that. Kith's threshold allows for it.",
        )
    if doubtful := sum(each.perhaps_one_person for each in measured.lookalikes):
        yield note(
            "warn",
            f"{count(doubtful, 'pair')} of people may be one person in two places: they are as "
            "alike as half of all images are to their own person. Look at them below first; each "
            "such pair counts as a false positive here.",
        )


def _verdict_note(measured: Evaluation) -> str:
    kith = measured.kith_threshold
    said = verdict(kith.fpir, measured.target_fpir)
    target, seen = percent(measured.target_fpir), f"{percent(kith.fpir.rate)} ({tally(kith.fpir)})"
    text = {
        "consistent": f"At Kith's threshold for {target}, {seen} of the strangers were named: "
        f"{interval(kith.fpir)}, which "
        + ("agrees with" if measured.support.shown else "does not contradict")
        + " what Kith states.",
        "exceeded": f"At Kith's threshold for {target}, {seen} of the strangers were named: even "
        f"{percent(kith.fpir.low)}, the low end of the 95 % interval, is more than stated. Look at "
        "the lookalikes below; unless they are one person under two names, take a stricter target.",
        "stricter": f"At Kith's threshold for {target}, {seen} of the strangers were named: "
        f"{interval(kith.fpir)}, less than stated. The threshold is stricter than it need be.",
    }
    return note(said, text[said])


def _support_note(measured: Evaluation) -> str:
    support, persons = measured.support, measured.size.persons
    target = percent(measured.target_fpir)
    if support.shown:
        return note("plain", f"{persons:,} people are enough to show {target} by themselves.")
    return note(
        "plain",
        f"{persons:,} people, none of them ever named by mistake, show that the rate is below "
        f"{percent(support.least_fpir)} and no more (the rule of three); to show {target} takes "
        f"{count(support.persons_needed, 'person', 'people')}. Below what these images show, the "
        f"threshold rests on the calibration ({measured.site.calibrated_on}).",
    )
