"""The report's three charts, each with its legend. Similarities are those of a typical face."""

from app.evaluation.measure import Evaluation
from app.pages.chart import Axis, Chart, Entry, decade_below
from app.pages.words import percent


def det_chart(measured: Evaluation) -> Chart:
    """FNIR against FPIR, both in decades: measured at N, by each face's threshold and by one for
    all, calibrated at N and in ten times N.
    """
    curves, least = measured.curves, _least_fpir(measured)
    chart = Chart(
        Axis("FPIR (strangers named)", least, 1, log=True),
        Axis("FNIR (people missed)", _least_fnir(measured), 1, log=True),
        label="Detection error trade-off: FNIR against FPIR, both on logarithmic axes",
        note="A rate of zero lies on the lower edge.",
    )
    seen = [i for i, rate in enumerate(curves.measured.fpir) if rate > 0]
    x = [curves.measured.fpir[i] for i in seen]
    low, high = ([side[i] for i in seen] for side in _fnir_sides(measured))
    chart.band(x, low, high, "measured")
    chart.upright(measured.support.least_fpir, "measured dotted thin")
    for calibrated, style in ((curves.larger, "larger dashed"), (curves.kith, "kith dashed")):
        inside = [i for i, rate in enumerate(calibrated.fpir) if rate >= least]
        chart.line(
            [calibrated.fpir[i] for i in inside], [calibrated.fnir[i] for i in inside], style
        )
    single = curves.one_threshold
    some = [i for i, rate in enumerate(single.fpir) if rate > 0]
    chart.line([single.fpir[i] for i in some], [single.fnir[i] for i in some], "single")
    chart.line(x, [curves.measured.fnir[i] for i in seen], "measured")
    chart.mark(measured.target_fpir, measured.at_target.larger.fnir, "larger")
    chart.mark(measured.target_fpir, measured.kith_threshold.fnir.rate, "kith")
    n, larger = curves.kith.persons, curves.larger.persons
    target = percent(measured.target_fpir)
    chart.legend = [
        Entry("measured", f"Measured on these images, N = {n:,}; shaded: 95 % interval of FNIR"),
        Entry("kith dashed", f"Stated by Kith for N = {n:,}; dot: its threshold for {target}"),
        Entry("single", "Measured, if all faces had the same threshold"),
        Entry("larger dashed", f"Estimated for N = {larger:,} by the calibration; dot: the same"),
        Entry(
            "measured dotted thin",
            f"This many people cannot show a rate below {percent(measured.support.least_fpir)}",
        ),
    ]
    return chart


def threshold_chart(measured: Evaluation) -> Chart:
    """FPIR and FNIR against the threshold, measured and as the calibration states FPIR."""
    curves = measured.curves
    seen = curves.measured
    least = min(_least_fpir(measured), _least_fnir(measured))
    chart = Chart(
        _similarities(measured),
        Axis("Rate", least, 1, log=True),
        label="FPIR and FNIR against the threshold",
        note="Shaded: 95 % intervals.",
    )
    chart.band(seen.similarity, seen.fpir_low, seen.fpir_high, "stranger")
    chart.band(seen.similarity, seen.fnir_low, seen.fnir_high, "mated")
    chart.band(curves.kith.similarity, curves.kith.fpir_low, curves.kith.fpir_high, "kith")
    chart.line(curves.one_threshold.similarity, curves.one_threshold.fpir, "single")
    chart.line(curves.kith.similarity, curves.kith.fpir, "kith dashed")
    chart.line(seen.similarity, seen.fpir, "stranger")
    chart.line(seen.similarity, seen.fnir, "mated")
    chart.upright(measured.kith_threshold.similarity, "kith thin")
    chart.legend = [
        Entry("stranger", "FPIR, measured: strangers named"),
        Entry("mated", "FNIR, measured: people missed"),
        Entry("kith dashed", "FPIR that Kith states in this gallery"),
        Entry("single", "FPIR, measured, if all faces had the same threshold"),
        _own_threshold(measured),
    ]
    return chart


def similarity_chart(measured: Evaluation) -> Chart:
    """Two histograms: the similarities of mated probes and of strangers."""
    histogram = measured.curves.histogram
    shares = [
        [count / max(sum(counts), 1) for count in counts]
        for counts in (histogram.strangers, histogram.mated)
    ]
    most = max(max(each) for each in shares)
    high = next(each for each in (0.05, 0.1, 0.2, 0.4, 1.0) if most <= each)
    chart = Chart(
        Axis("Similarity (of a typical face)", histogram.edges[0], histogram.edges[-1]),
        Axis("Share of probes", 0, high * 1.02),
        label="Histogram of similarities of mated probes and of strangers",
    )
    chart.bars(histogram.edges, shares[0], "stranger")
    chart.bars(histogram.edges, shares[1], "mated")
    chart.upright(measured.kith_threshold.similarity, "kith thin")
    chart.legend = [
        Entry("stranger", "Strangers: similarity to the person they resemble most", is_bar=True),
        Entry(
            "mated",
            "Mated: similarity to the own person, enrolled without this image",
            is_bar=True,
        ),
        _own_threshold(measured),
    ]
    return chart


def _own_threshold(measured: Evaluation) -> Entry:
    return Entry("kith thin", f"Kith's threshold, {measured.kith_threshold.similarity:.3f}")


def _fnir_sides(measured: Evaluation) -> tuple[list[float], list[float]]:
    return measured.curves.measured.fnir_low, measured.curves.measured.fnir_high


def _least_fpir(measured: Evaluation) -> float:
    """The decade below the target and below the least rate that these images can show."""
    return decade_below(min(1 / measured.size.stranger_probes, measured.target_fpir) / 2)


def _least_fnir(measured: Evaluation) -> float:
    return decade_below(1 / measured.size.mated_probes / 2)


def _similarities(measured: Evaluation) -> Axis:
    edges = measured.curves.histogram.edges
    return Axis("Threshold (similarity of a typical face)", edges[0], edges[-1])
