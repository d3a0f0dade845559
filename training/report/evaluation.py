"""The report of one run: what its embedder is worth on identities it never saw."""

from pathlib import Path
from shlex import quote

from training.config import RunConfig
from training.evaluate.identification import OpenSet
from training.evaluate.suite import SEED, Measured
from training.evaluate.verification import Verification
from training.prepare import Prepared
from training.report.curves import cmc_curve, det_curves, roc_curves
from training.report.page import code, literal, table, write_page

_FPIRS = (0.1, 0.03, 0.01, 0.003, 0.001)
_RANKS = (1, 2, 3, 5, 10, 20)
_FARS = (0.1, 0.01, 0.001)


def write_evaluation(
    out: Path,
    *,
    config: RunConfig,
    prepared: Prepared,
    measured: Measured,
    identified: OpenSet,
    pairs: Verification,
) -> None:
    """Write ``evaluation.md``, ``evaluation.html`` and their three plots into ``out``."""
    name = config.name.replace("$", r"\$") + ", unseen"  # between two $, a plot reads formulas
    roc_curves({name: {"held-out pairs": pairs}}, out / "evaluation-roc.png")
    cmc_curve(name, identified, out / "evaluation-cmc.png")
    det_curves({name: {"held-out identities": identified}}, out / "evaluation-det.png")
    sections = [
        f"# Evaluation of {literal(config.name)}",
        f"Made by {code(f'python -m training evaluate {quote(str(out))}')}; the run's seed is "
        f"{config.seed}, the draws of this measurement have seed {SEED}.",
        _data(config, prepared),
        "## In short",
        "\n".join(measured.lines()),
        "## Verification, 1:1",
        f"{len(pairs.mated)} mated and {len(pairs.impostor)} impostor pairs.",
        _verification(measured, pairs),
        "![ROC](evaluation-roc.png)",
        "## Identification, closed set, 1:N",
        _closed(identified),
        "![CMC](evaluation-cmc.png)",
        "## Identification, open set, 1:N",
        f"N = {identified.size} enrolled; {len(identified.mated)} mated probes and "
        f"{len(identified.strangers)} of strangers. At another N the same threshold has another "
        "FPIR. Intervals of 95 %, closed form; persons are their units: a hundred photos of few "
        "people do not narrow them. DIR is at the threshold as it stands; what these strangers "
        "show of its FPIR is the last column.",
        _open(identified),
        "![DET](evaluation-det.png)",
    ]
    write_page(out, "evaluation", "\n\n".join(sections))


def _data(config: RunConfig, prepared: Prepared) -> str:
    parts = {"learned from": prepared.train, "measured on": prepared.unseen}
    if prepared.validation is not None:
        parts["judged epochs"] = prepared.validation
    rows = [[name, str(len(x.identities)), str(len(x))] for name, x in parts.items()]
    return f"Data: {config.data.kind}. No identity is in two parts.\n\n" + table(
        ["part", "identities", "images"], rows
    )


def _verification(measured: Measured, pairs: Verification) -> str:
    rows = [
        ["EER", f"{measured.eer:.2%}"],
        ["accuracy, ten folds (LFW's protocol)", f"{measured.accuracy:.2%}"],
        *[
            [f"TAR at FAR {far:.1%}", f"{pairs.tar_at(far):.2%}"]
            for far in _measurable(_FARS, len(pairs.impostor))
        ],
    ]
    if measured.one_shot_20 is not None:
        rows.append(["20-way 1-shot accuracy", f"{measured.one_shot_20:.2%}"])
    return table(["", "rate"], rows)


def _closed(identified: OpenSet) -> str:
    curve = identified.cmc()
    ranks = [k for k in _RANKS if k <= min(identified.size, len(curve))]
    rates = [f"{curve[k - 1]:.2%}" for k in ranks]
    return table([f"rank {k}" for k in ranks], [rates])


def _open(identified: OpenSet) -> str:
    rows = []
    for fpir in _measurable(_FPIRS, len(identified.strangers)):
        found, named = identified.dir_rate(fpir), identified.fpir_rate(fpir)
        rows.append([
            f"{fpir:.1%}", f"{identified.threshold(fpir):.4f}", f"{1 - found.rate:.2%}",
            f"{found.rate:.2%}", f"{found.low:.2%} to {found.high:.2%}",
            f"{named.low:.2%} to {named.high:.2%}",
        ])  # fmt: skip
    return table(["FPIR", "threshold (cosine)", "FNIR", "DIR", "95 % of DIR", "95 % of FPIR"], rows)


def _measurable(rates: tuple[float, ...], samples: int) -> list[float]:
    """The rates that ``samples`` samples can measure: at least one of them would be an error."""
    return [rate for rate in rates if rate * samples >= 1]
