"""``kith check``: whether what the service keeps agrees with itself."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from app.analysis import choose_way
from app.bundles.bundle import Bundle
from app.bundles.manifest import read_with_digest
from app.cli.databases import existing_database
from app.cli.progress import count_progress
from app.core.logging import configure_logging
from app.core.terminal import plain_console, say
from app.errors import BundleError, LocalError
from app.maintenance.check import Check
from app.maintenance.findings import Finding, Result, result
from app.maintenance.odd_faces import findings
from app.settings import Settings, load_settings


def check(
    *,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Repair what can be repaired without losing good data."),
    ] = False,
    odd_faces: Annotated[
        bool,
        typer.Option(
            "--odd-faces", help="Also list faces that are unlike their person's other faces."
        ),
    ] = False,
) -> None:
    """Check that SQL, the indexes on disk, the contract ids and the model bundle are sound and
    agree with each other; also while a service runs.
    """
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    folder = settings.bundle_dir
    manifest, digest = read_with_digest(folder)
    progress = partial(count_progress, "Checking")
    with existing_database(settings) as database:
        checks = Check(database, settings.data_dir / "index", manifest.contract)
        bundle = result("model bundle", _bundle(folder))
        provider = result("provider", [] if bundle.found else _provider(folder, settings))
        results = [bundle, provider, *checks.results(progress)]
        _show(results)
        if repair and any(each.found for each in results):
            checks.repair(progress)
            results = [bundle, provider, *checks.results(progress)]
            _show(results, title="After the repair")
        if odd_faces and not any(each.found for each in results):
            faces = findings(database, Bundle.load(folder))
            _show([result("odd faces", faces)], title="Faces unlike their person's others")
    plain_console().print(
        f"Model bundle {manifest.contract_id}, SHA-256 of its manifest {digest}.", soft_wrap=True
    )
    raise typer.Exit(int(any(each.found for each in results)))


def _bundle(folder: Path) -> Iterator[Finding]:
    """Whether every file is the one that the manifest states, and the calibration believable."""
    try:
        warnings = Bundle.load(folder).warnings
    except BundleError as error:
        yield Finding(str(folder), error.detail, "get or export the bundle again")
        return
    for warning in warnings.values():
        say(f"Warning: {warning}")


def _provider(folder: Path, settings: Settings) -> Iterator[Finding]:
    """Whether the embedder can be computed as the settings ask for, and passes the self-check."""
    try:
        way = choose_way(Bundle.load(folder), settings).way
    except LocalError as error:
        yield Finding("KITH_PROVIDER", error.detail, "set KITH_PROVIDER=cpu, or what is said there")
        return
    say(f"Embeddings are computed by {way}.")


def _show(results: list[Result], title: str | None = None) -> None:
    out = plain_console()
    table = Table("check", "found", title=title)
    for each in results:
        table.add_row(each.name, f"{each.found:,}" if each.found else "nothing odd")
    out.print(table)
    findings = [finding for each in results for finding in each.first]
    if not findings:
        return
    odd = Table(*(Column(name, overflow="fold") for name in ("where", "what", "what to do")))
    for finding in findings:
        odd.add_row(finding.where, finding.what, finding.remedy)
    out.print(odd)
    left = sum(each.found - len(each.first) for each in results)
    if left:
        out.print(f"And {left:,} more.")
