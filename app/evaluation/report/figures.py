"""The charts of an evaluation, each with its legend, in the reader's language. Similarities are
those of a typical face.
"""

from collections.abc import Mapping

from app.evaluation.curves import Calibrated
from app.evaluation.measure import Evaluation
from app.evaluation.operating import OperatingPoint
from app.pages.chart import Axis, Chart, Entry, decade_below
from app.pages.words import ENGLISH, Spoken


def det_chart(measured: Evaluation, spoken: Spoken = ENGLISH) -> Chart:
    """FNIR against FPIR, both in decades: measured at N, by each face's threshold and by one for
    all, calibrated at N and in a larger gallery.
    """
    curves, least, say = measured.curves, _least_fpir(measured), spoken.say
    chart = _det(measured, least, spoken)
    chart.upright(measured.support.least_fpir, "measured dotted thin")
    _stated(chart, curves.larger, "larger", least)
    _stated(chart, curves.kith, "kith", least)
    single = curves.one_threshold
    some = [i for i, rate in enumerate(single.fpir) if rate > 0]
    chart.line([single.fpir[i] for i in some], [single.fnir[i] for i in some], "single")
    _measured(chart, measured)
    chart.mark(measured.target_fpir, measured.at_target.larger.fnir, "larger")
    chart.mark(measured.target_fpir, measured.kith_threshold.fnir.rate, "kith")
    values = {
        "n": spoken.number(curves.kith.persons),
        "more": spoken.number(curves.larger.persons),
        "target": spoken.percent(measured.target_fpir),
        "least": spoken.percent(measured.support.least_fpir),
    }
    chart.legend = _legend(
        values,
        measured=say("Measured on these images, N = %(n)s; shaded: 95 %% interval of FNIR"),
        kith=say("Stated by Kith for N = %(n)s; dot: its threshold for %(target)s"),
        single=say("Measured, if all faces had the same threshold"),
        larger=say("Estimated for N = %(more)s by the calibration; dot: the same"),
        kith_dashed=say("Dashed: beyond the data of the calibration"),
        measured_dotted_thin=say("This many people cannot show a rate below %(least)s"),
    )
    return chart


def operating_chart(
    measured: Evaluation, asked: OperatingPoint, *, drawn: bool, spoken: Spoken
) -> Chart:
    """FNIR against FPIR with the operating point of today, and that which is ``asked`` for. Where
    the people measured were ``drawn`` by chance, the larger gallery is that of today.
    """
    curves, say = measured.curves, spoken.say
    chart = _det(measured, _least_fpir(measured, asked.target), spoken)
    today = curves.larger if drawn else curves.kith
    _measured(chart, measured)
    _stated(chart, today, "kith", _least_fpir(measured, asked.target))
    chart.upright(measured.target_fpir, "measured dotted thin")
    chart.mark(measured.target_fpir, measured.at_target.missed(in_larger=drawn)[0], "kith")
    values = {
        "n": spoken.number(curves.kith.persons),
        "more": spoken.number(today.persons),
        "target": spoken.percent(measured.target_fpir),
        "asked": spoken.percent(asked.target),
    }
    texts = {
        "measured": say("Measured on the photos of %(n)s people; shaded: 95 %% interval of FNIR"),
        "kith": say("At the thresholds that Kith sets for %(more)s people; dot: now"),
        "kith_dashed": say("Dashed: beyond the data of the calibration"),
        "measured_dotted_thin": say("The rate now, %(target)s"),
    }
    if asked.target != measured.target_fpir:
        chart.upright(asked.target, "larger dashed")
        chart.mark(asked.target, asked.missed(in_larger=drawn)[0], "larger")
        texts["larger_dashed"] = say("The other rate, %(asked)s")
    chart.legend = _legend(values, **texts)
    return chart


def threshold_chart(measured: Evaluation, spoken: Spoken = ENGLISH) -> Chart:
    """FPIR and FNIR against the threshold, measured and as the calibration states FPIR."""
    curves, say = measured.curves, spoken.say
    seen = curves.measured
    least = min(_least_fpir(measured), _least_fnir(measured))
    edges = curves.histogram.edges
    chart = Chart(
        Axis(say("Threshold (similarity of a typical face)"), edges[0], edges[-1]),
        Axis(say("Rate"), least, 1, log=True),
        label=say("FPIR and FNIR against the threshold"),
        note=say("Shaded: 95 % intervals."),
    )
    chart.band(seen.similarity, seen.fpir_low, seen.fpir_high, "stranger")
    chart.band(seen.similarity, seen.fnir_low, seen.fnir_high, "mated")
    chart.band(curves.kith.similarity, curves.kith.fpir_low, curves.kith.fpir_high, "kith")
    chart.line(curves.one_threshold.similarity, curves.one_threshold.fpir, "single")
    stated, n = curves.kith, _shown(curves.kith, least)
    chart.line_beyond(stated.similarity[:n], stated.fpir[:n], stated.extrapolated[:n], "kith")
    chart.line(seen.similarity, seen.fpir, "stranger")
    chart.line(seen.similarity, seen.fnir, "mated")
    chart.upright(measured.kith_threshold.similarity, "kith thin")
    chart.legend = _legend(
        _own_threshold(measured, spoken),
        stranger=say("FPIR, measured: strangers named"),
        mated=say("FNIR, measured: people missed"),
        kith=say("FPIR that Kith states in this gallery"),
        kith_dashed=say("Dashed: beyond the data of the calibration"),
        single=say("FPIR, measured, if all faces had the same threshold"),
        kith_thin=say("Kith's threshold, %(similarity)s"),
    )
    return chart


def similarity_chart(measured: Evaluation, spoken: Spoken = ENGLISH) -> Chart:
    """Two histograms: the similarities of mated probes and of strangers."""
    histogram, say = measured.curves.histogram, spoken.say
    shares = [
        [count / max(sum(counts), 1) for count in counts]
        for counts in (histogram.strangers, histogram.mated)
    ]
    most = max(max(each) for each in shares)
    high = next(each for each in (0.05, 0.1, 0.2, 0.4, 1.0) if most <= each)
    chart = Chart(
        Axis(say("Similarity (of a typical face)"), histogram.edges[0], histogram.edges[-1]),
        Axis(say("Share of probes"), 0, high * 1.02),
        label=say("Histogram of similarities of mated probes and of strangers"),
    )
    chart.bars(histogram.edges, shares[0], "stranger")
    chart.bars(histogram.edges, shares[1], "mated")
    chart.upright(measured.kith_threshold.similarity, "kith thin")
    strangers = say("Strangers: similarity to the person they resemble most")
    mated = say("Mated: similarity to the own person, enrolled without this image")
    chart.legend = [
        Entry("stranger", strangers, is_bar=True),
        Entry("mated", mated, is_bar=True),
        *_legend(
            _own_threshold(measured, spoken), kith_thin=say("Kith's threshold, %(similarity)s")
        ),
    ]
    return chart


def _det(measured: Evaluation, least: float, spoken: Spoken) -> Chart:
    """The axes, and the interval of the FNIR that was measured."""
    say, curve = spoken.say, measured.curves.measured
    chart = Chart(
        Axis(say("FPIR (strangers named)"), least, 1, log=True),
        Axis(say("FNIR (people missed)"), _least_fnir(measured), 1, log=True),
        label=say("Detection error trade-off: FNIR against FPIR, both on logarithmic axes"),
        note=say("A rate of zero lies on the lower edge."),
    )
    x, low, high = (
        [side[i] for i in _seen(measured)] for side in (curve.fpir, curve.fnir_low, curve.fnir_high)
    )
    chart.band(x, low, high, "measured")
    return chart


def _measured(chart: Chart, measured: Evaluation) -> None:
    """The line of the FNIR that was measured."""
    curve = measured.curves.measured
    x, y = ([side[i] for i in _seen(measured)] for side in (curve.fpir, curve.fnir))
    chart.line(x, y, "measured")


def _seen(measured: Evaluation) -> list[int]:
    """The points at which some stranger was named: none other has a place on a logarithmic axis."""
    return [i for i, rate in enumerate(measured.curves.measured.fpir) if rate > 0]


def _stated(chart: Chart, curve: Calibrated, style: str, least: float) -> None:
    """The line of the FNIR to expect at what is stated, down to the rate ``least``."""
    n = _shown(curve, least)
    chart.line_beyond(curve.fpir[:n], curve.fnir[:n], curve.extrapolated[:n], style)


def _shown(curve: Calibrated, least: float) -> int:
    """The number of its points, whose rates fall, down to the rate ``least``."""
    return sum(rate >= least for rate in curve.fpir)


def _legend(values: Mapping[str, str], **texts: str) -> list[Entry]:
    """An entry for each style; its classes are joined by ``_``."""
    return [Entry(style.replace("_", " "), text % values) for style, text in texts.items()]


def _own_threshold(measured: Evaluation, spoken: Spoken) -> Mapping[str, str]:
    return {"similarity": spoken.similarity(measured.kith_threshold.similarity)}


def _least_fpir(measured: Evaluation, also: float = 1.0) -> float:
    """The decade below the target, the rate ``also`` and the least rate that these images show."""
    rates = (1 / measured.size.stranger_probes, measured.target_fpir, also)
    return decade_below(min(rates) / 2)


def _least_fnir(measured: Evaluation) -> float:
    return decade_below(1 / measured.size.mated_probes / 2)
