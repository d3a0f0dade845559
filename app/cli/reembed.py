"""``kith reembed``: computes another model's templates, switches to them, and switches back."""

from functools import partial
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from app.analysis import choose_way
from app.bundles.bundle import Bundle
from app.bundles.manifest import read_manifest
from app.cli.databases import existing_database
from app.cli.progress import count_progress
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.logging import configure_logging
from app.core.terminal import say
from app.errors import InvalidRequest
from app.inference.embedder import OnnxEmbedder
from app.maintenance.reembed import Reembedding
from app.maintenance.switch import Switched, ready
from app.maintenance.switch import drop as drop_other_templates
from app.maintenance.switch import switch as switch_collection
from app.replication.snapshot import snapshot_files
from app.settings import Settings, load_settings


def reembed(
    *,
    model: Annotated[
        Path | None, typer.Option(help="Folder of the other model's bundle, or face-mini.")
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(
            help="Collection to embed; may be repeated. Default: all of another contract."
        ),
    ] = None,
    switch: Annotated[
        bool, typer.Option("--switch", help="Make that model the one in use, also to go back.")
    ] = False,
    drop: Annotated[
        bool,
        typer.Option(
            "--drop", help="Delete the templates not in use; without --model, of every model."
        ),
    ] = False,
) -> None:
    """Embed kept crops by another model and keep the templates in use; then switch, or go back.

    Run again, it goes on where it stopped. Services go on during it, under the model they run.
    """
    if switch and drop:
        raise InvalidRequest("Give --switch or --drop, not both.")
    if model is None and not drop:
        raise InvalidRequest("Say with --model which bundle the faces are to be embedded by.")
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    other = settings.model_copy(update={"model": model})
    names = collection or []
    with existing_database(settings) as database:
        if drop:
            _drop(database, names, read_manifest(other.bundle_dir).contract_id if model else None)
        elif switch:
            _switch(database, names, other)
        else:
            _prepare(database, names, other)


def _prepare(database: Database, names: list[str], settings: Settings) -> None:
    bundle = Bundle.load(settings.bundle_dir)
    embedder = OnnxEmbedder(bundle, choose_way(bundle, settings))
    reembedding = Reembedding(database, bundle.manifest, embedder, threads=settings.threads)
    for each in reembedding.run(names, partial(count_progress, "Embedding")):
        say(f"{each.collection_id}: {each.computed:,} faces embedded, {each.there:,} were already.")
    say(
        f"Nothing that is answered has changed. The same command with --switch makes "
        f"{bundle.manifest.contract_id} their model."
    )


def _switch(database: Database, names: list[str], settings: Settings) -> None:
    contract_id = read_manifest(settings.bundle_dir).contract_id
    snapshots = snapshot_files(settings.data_dir / "index")
    for name in ready(database, names, contract_id):
        done = switch_collection(database, name, contract_id, now=SystemClock().now())
        if stale := snapshots.get(done.collection_key):
            stale.unlink(missing_ok=True)
        say(_switched(done, contract_id))
    say(
        f"Services answer for them with KITH_MODEL={quote(str(settings.model))}; others answer "
        "contract_mismatch. The way back is the same command with the bundle that they had."
    )


def _switched(done: Switched, contract_id: str) -> str:
    text = f"{done.collection_id}: {done.faces:,} faces switched, {done.before} -> {contract_id}."
    if done.waiting:
        text += (
            f' {done.waiting:,} "not them" reports were of {done.before}: they hold nobody back '
            "until it returns, so report again what comes again."
        )
    if done.again:
        text += f' {done.again:,} "not them" reports of before hold again.'
    if done.probes:
        text += f" {done.probes:,} unknown probes were forgotten."
    return text


def _drop(database: Database, names: list[str], contract_id: str | None) -> None:
    for name, dropped in drop_other_templates(database, names, contract_id).items():
        say(f"{name}: {dropped:,} embeddings deleted.")
