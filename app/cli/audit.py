"""``kith audit``: verify, export and anchor what the service has recorded."""

import json
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter

from app.cli import audit_evidence
from app.cli.databases import existing_database
from app.core.clock import SystemClock
from app.core.files import whole_file
from app.core.logging import configure_logging
from app.core.terminal import plain_console, say
from app.errors import InvalidRequest
from app.settings import Settings, load_settings
from app.trail import export as exports
from app.trail.anchors import Anchor, anchor_line, anchors, publish_anchors
from app.trail.retention import kept_since
from app.trail.verification import Fault, faults

_ANCHOR: Final = TypeAdapter(Anchor)
cli = typer.Typer(
    help="Verify, export and anchor the audit, also while a service runs.", no_args_is_help=True
)
cli.add_typer(audit_evidence.cli, name="evidence")


class Profile(StrEnum):
    """The content of an export."""

    ALL = "all"
    AI_ACT_12 = "ai-act-12"


_LINES: Final[dict[Profile, Callable[..., Any]]] = {
    Profile.ALL: exports.everything,
    Profile.AI_ACT_12: exports.ai_act_12,
}


@cli.command()
def verify(
    *,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", help="Anchors from `kith audit anchor`.", exists=True, dir_okay=False
        ),
    ] = None,
) -> None:
    """Check that no row of the audit was changed, removed, put in or moved, and no sealed picture
    changed or removed too early; ends with 1 where one was.
    """
    known = [] if against is None else _anchors(against)
    settings = _settings()
    since = kept_since(SystemClock().now(), settings.audit_days)
    with existing_database(settings) as database, database.read(long_running=True) as session:
        heads = anchors(session)
        found = list(faults(session, known, kept_since=since))
    out = plain_console()
    for each in found:
        out.print(f"{each.chain} ({_place(each)}): {each.what}.", soft_wrap=True)
    rows = sum(each.seq for each in heads)
    out.print(f"Chains {len(heads):,}, rows ever written {rows:,}, faults {len(found):,}.")
    raise typer.Exit(int(bool(found)))


@cli.command()
def export(
    file: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    *,
    collection: Annotated[
        str | None, typer.Option(help="Only what belongs to this collection.")
    ] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", help="Only what happened then or later (UTC).")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", help="Only what happened before (UTC).")
    ] = None,
    profile: Annotated[
        Profile,
        typer.Option(
            help="`ai-act-12`: of decisions, what Article 12(3) of the EU AI Act asks; "
            "`verified_by` is null, as Kith does not know it."
        ),
    ] = Profile.ALL,
) -> None:
    """Write the audit to a file of JSON lines, one a row, the oldest first; ends with 1 where a row
    is none that Kith writes.
    """
    count = wrong = 0
    with (
        existing_database(_settings()) as database,
        database.read(long_running=True) as session,
        whole_file(file) as stream,
    ):
        for line in _LINES[profile](session, collection, exports.utc(start), exports.utc(end)):
            stream.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
            count, wrong = count + 1, wrong + ("unreadable" in line)
    say(f"{file}: rows {count:,}. It says who was where: keep it as you keep keys.")
    if wrong:
        say(f"Unreadable rows {wrong:,}; `kith audit verify` names them.")
        raise typer.Exit(1)


@cli.command()
def anchor() -> None:
    """Print the newest row of each chain, and make an event of each; keep it where nobody who can
    change the database can change it.
    """
    now = SystemClock().now()
    with existing_database(_settings()) as database, database.write() as session:
        heads = publish_anchors(session, now=now)
    typer.echo(anchor_line(now, heads))


def _place(fault: Fault) -> str:
    if fault.collection is not None:
        return f"collection {fault.collection!r}"
    return "the site's chain" if fault.of_site else "it is not known whose"


def _settings() -> Settings:
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    return settings


def _anchors(file: Path) -> list[Anchor]:
    """The anchors of a file, which may have several lines; ``InvalidRequest`` where it has none."""
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
        return [_ANCHOR.validate_python(each) for line in lines for each in line["anchors"]]
    except (ValueError, KeyError, TypeError):
        raise InvalidRequest(
            f"{file} holds no anchors; it must be what `kith audit anchor` printed."
        ) from None
