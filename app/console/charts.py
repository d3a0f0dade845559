"""Draws the threshold as pictures: how often strangers are named, by similarity and by gallery
size.
"""

from collections.abc import Callable
from typing import Final

from app.pages.chart import Axis, Chart, Entry, decade_below
from app.recognition.outlook import Outlook

_LEAST: Final = 1e-6
Say = Callable[[str], str]


def rates_chart(outlook: Outlook, say: Say) -> Chart:
    """FPIR against the similarity: a line where data support it, dashed where it is
    extrapolated.
    """
    least = min(decade_below(max(min(outlook.asked.target, outlook.now.target), _LEAST)) / 10, 1e-3)
    least = max(least, _LEAST)
    chart = Chart(
        Axis(say("Similarity that is asked for"), 0.0, 1.0),
        Axis(say("Strangers named"), least, 1, log=True),
        label=say("How rarely strangers are named, by the similarity that is asked for"),
    )
    n = sum(rate >= least for rate in outlook.fpirs)
    beyond = [rate < outlook.supported for rate in outlook.fpirs[:n]]
    chart.line_beyond(outlook.similarities[:n], outlook.fpirs[:n], beyond, "kith")
    chart.legend = [
        Entry("kith", say("Measured by the calibration, for the people here")),
        Entry("kith dashed", say("Beyond its data: an estimate")),
        Entry("measured dotted thin", say("The threshold now")),
    ]
    chart.upright(min(outlook.now.similarity, 1.0), "measured dotted thin")
    if outlook.asked.target != outlook.now.target:
        chart.upright(min(outlook.asked.similarity, 1.0), "larger dashed")
        chart.legend.append(Entry("larger dashed", say("The threshold at the other rate")))
    return chart


def growth_chart(outlook: Outlook, say: Say) -> Chart:
    """FPIR against the number of people. One line is the rate that Kith keeps, with its 95 %
    interval, dashed from where the data end; the other is the rate at today's similarity, if that
    stayed.
    """
    sizes = [each.persons for each in outlook.growth]
    rates = [each.if_kept for each in outlook.growth]
    rates += [max(each.threshold.interval[0], _LEAST) for each in outlook.growth]
    chart = Chart(
        Axis(say("People"), sizes[0], max(sizes[-1], sizes[0] * 10), log=True, counts=True),
        Axis(say("Strangers named"), max(decade_below(min(rates)), _LEAST), 1, log=True),
        label=say("How rarely strangers are named, by how many people there are"),
    )
    chart.line(sizes, [each.if_kept for each in outlook.growth], "single thin")
    kept = [each.threshold for each in outlook.growth]
    low, high = ([each.interval[end] for each in kept] for end in (0, 1))
    chart.band(sizes, low, high, "kith")
    beyond = [each.extrapolated for each in kept]
    chart.line_beyond(sizes, [each.target for each in kept], beyond, "kith")
    chart.upright(outlook.sizes[0].persons, "measured dotted thin")
    chart.legend = [
        Entry("kith", say("With Kith's threshold, and where the rate lies with 95 % confidence")),
        Entry("kith dashed", say("Beyond its data: an estimate")),
        Entry("single thin", say("If the similarity of today stayed as it is")),
        Entry("measured dotted thin", say("The people of today")),
    ]
    return chart
