"""The end of the page: how all this was measured, and with what."""

from collections.abc import Iterable
from html import escape

from app.evaluation.document import Source
from app.evaluation.measure import Evaluation


def method(source: Source, measured: Evaluation) -> Iterable[str]:
    """The protocol, the counts and the model."""
    size = measured.size
    templates = f"{size.templates_least} to {size.templates_most}, median {size.templates_median:g}"
    yield "<h2>How this was measured</h2>"
    yield (
        "<p>By leave-one-out. <b>Mated</b>: everybody is enrolled with all their images but the "
        "probe, which should lead to its own person. <b>Non-mated</b>: everybody is enrolled but "
        "the probe's own person, who is then a stranger. A person is the unit centroid of their "
        "templates and a similarity the cosine with it, as in use. FPIR is the share of strangers' "
        "images that reach the threshold with anybody; FNIR the share of mated images whose own "
        "person is not first or stays below it (ISO/IEC 19795-1). The threshold is that of the "
        "full gallery, its people's similarities to each other included.</p>"
        "<p>Intervals are of 95 % and count people, not images: a thousand photos of forty people "
        "are forty people's worth. Wilson's interval, at the number of independent people that has "
        "the variance of these trials.</p>"
    )
    rows = (
        ("People", f"{size.persons:,}, of whom {size.persons_with_two:,} have two images or more"),
        ("Templates a person", templates),
        ("Mated probes", f"{size.mated_probes:,}, in a gallery of N = {size.persons:,}"),
        ("Non-mated probes", f"{size.stranger_probes:,}, in a gallery of {size.persons - 1:,}"),
        ("Calibrated on", measured.site.calibrated_on),
        (
            "These people to that",
            f"mean {measured.site.shift:+.2f} deviations, "
            f"deviation {measured.site.stretch:.2f} times",
        ),
        *_left_out(source),
        ("Model", f"{source.model}, contract {source.contract_id}"),
        ("Made", f"{source.made_at:%Y-%m-%d %H:%M %Z} with Kith {source.kith}"),
    )
    told = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in rows)
    yield f"<dl>{told}</dl>"
    yield "<footer>This page names people and their files; treat it like the photographs.</footer>"


def _left_out(source: Source) -> Iterable[tuple[str, str]]:
    if source.left_out:
        kinds = source.left_out.items()
        yield "Left out", ", ".join(f"{kind.replace('_', ' ')}: {n:,}" for kind, n in kinds)
