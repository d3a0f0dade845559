"""The sections that name people and files: who was missed, who looks alike, what was refused."""

from collections.abc import Iterable
from html import escape
from typing import Final

from app.evaluation.examples import Lookalike, Miss
from app.evaluation.measure import Enrolment, Evaluation
from app.evaluation.report.markup import badge, interval, more, row, table
from app.evaluation.report.words import count, similarity, tally

_MOST_ROWS: Final = 40


def misses(measured: Evaluation) -> Iterable[str]:
    """The false negatives, by file."""
    yield "<h2>People who were missed</h2>"
    if not measured.misses:
        yield f"<p>None, of {count(measured.size.mated_probes, 'image')}.</p>"
        return
    yield (
        "<p>Images that do not lead to their own person at Kith's threshold, the least alike "
        "first. A very low similarity often is a photo in the wrong place.</p>"
    )
    head = ("Image", "Person", "Similarity", "First in the list", "Its similarity")
    told = measured.misses[:_MOST_ROWS]
    yield table(head, [_miss_row(each) for each in told])
    yield more(measured.misses_total, len(told))


def _miss_row(miss: Miss) -> str:
    first = escape(miss.first) if miss.why == "other_first" else "the person, below the threshold"
    return row(
        (
            escape(miss.image),
            escape(miss.person),
            similarity(miss.similarity),
            first,
            similarity(miss.first_similarity),
        ),
        names=(0, 1),
    )


def lookalikes(measured: Evaluation) -> Iterable[str]:
    """The pairs of people nearest to each other."""
    yield "<h2>People who look alike</h2>"
    named = measured.lookalikes_total
    yield (
        f"<p>{count(named, 'pair')} of people reach Kith's threshold: one of them, not enrolled, "
        "would be named as the other. "
        + ("The likest pairs are told all the same.</p>" if not named else "The likest first.</p>")
    )
    head = ("Image", "Person", "Looks like", "Similarity", "")
    told = measured.lookalikes[:_MOST_ROWS]
    yield table(head, [_lookalike_row(each) for each in told])
    yield more(named, sum(each.named for each in told))


def _lookalike_row(pair: Lookalike) -> str:
    badges = badge("exceeded", "named") if pair.named else ""
    if pair.perhaps_one_person:
        badges += " " + badge("warn", "one person?")
    alike = similarity(pair.similarity)
    if pair.images > 1:
        alike += f"<small>{count(pair.images, 'image')}</small>"
    cells = (escape(pair.image), escape(pair.person), escape(pair.looks_like), alike, badges)
    return row(cells, names=(0, 1, 2))


def enrolment(enrolment: Enrolment) -> Iterable[str]:
    """What was refused, with the reason and what to do."""
    yield "<h2>Failure to enrol</h2>"
    if enrolment.refused is None or enrolment.fte is None:
        yield "<p>Not known: a collection keeps no record of the images that it refused.</p>"
        return
    yield f"<p>{tally(enrolment.fte)} images gave no template ({interval(enrolment.fte)}). "
    yield "Refused images are in no other figure of this report.</p>"
    if enrolment.people_without_any:
        names = ", ".join(escape(name) for name in enrolment.people_without_any)
        yield f"<p>Without any usable image: <b>{names}</b>.</p>"
    if not enrolment.refused:
        return
    reasons = (f"{escape(reason)}: {number:,}" for reason, number in enrolment.reasons.items())
    yield f"<p>{' · '.join(reasons)}</p>"
    rows = [
        row((escape(each.image), escape(", ".join(each.reasons)), escape(each.detail)), names=(0,))
        for each in enrolment.refused[:_MOST_ROWS]
    ]
    yield table(("Image", "Reason", "What to do"), rows)
    yield more(len(enrolment.refused), len(rows))
