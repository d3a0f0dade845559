"""The summary of an evaluation on the terminal: its numbers, the verdict, and what to do."""

from pathlib import Path

from rich.table import Table

from app.cli.left_out import left_out_lines
from app.core.names import printable
from app.core.terminal import plain_console, say
from app.evaluation.document import Source
from app.evaluation.measure import Evaluation
from app.evaluation.rates import Rate
from app.evaluation.report.fairness import unlike_groups
from app.evaluation.report.page import as_lines
from app.pages.words import between, percent, similarity, tally


def summarise(source: Source, measured: Evaluation, report: Path) -> None:
    """Print it, and the folder of the ``report``."""
    _print_numbers(measured)
    for line in as_lines(measured):
        say(line)
    for line in (*map(printable, unlike_groups(measured)), *left_out_lines(source.left_out)):
        say(line)
    say(f"The report is {report / 'report.html'}; report.json holds its numbers.")


def _print_numbers(measured: Evaluation) -> None:
    size, target = measured.size, percent(measured.target_fpir)
    kith, larger = measured.kith_threshold, measured.at_target.larger
    extrapolated = "extrapolated and " if larger.extrapolated else ""
    table = Table(show_header=False, title=f"N = {size.persons:,}, target FPIR {target}")
    rows = [
        ("people, images", f"{size.persons:,}, {size.stranger_probes:,}"),
        ("failure to enrol (FTE)", _interval(measured.enrolment.fte)),
        ("threshold that Kith sets", similarity(kith.similarity)),
        ("strangers named there (FPIR)", _interval(kith.fpir)),
        ("people missed there (FNIR)", _interval(kith.fnir)),
        (
            f"threshold at N = {larger.persons:,}",
            f"{similarity(larger.similarity)}, {extrapolated}estimated",
        ),
        (
            f"missed at N = {larger.persons:,}",
            f"{percent(larger.fnir)}, estimated; 95 % interval {between(*larger.fnir_interval)}",
        ),
        ("lowest FPIR this many people can show", percent(measured.support.least_fpir)),
    ]
    for row in rows:
        table.add_row(*row)
    plain_console().print(table)


def _interval(rate: Rate | None) -> str:
    if rate is None:
        return "not known"
    return f"{percent(rate.rate)}, {tally(rate)}; 95 % interval {between(rate.low, rate.high)}"
