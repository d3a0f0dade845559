"""``kith sync``: another system's people, sent to a running service as a file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from rich.table import Table

from app.access.sync_csv import ndjson_of
from app.cli.asking import HERE, Service, Url, checked, key_of
from app.core.names import printable
from app.core.terminal import plain_console, say
from app.errors import InvalidRequest

_NOTHING_DONE: Final = 3
_CHUNK: Final = 64 * 1024
_ROWS: Final = 50
"""Rows of the table for each kind of change; the counts are of all."""
_KINDS: Final = ("created", "changed", "suspended", "unsuspended")
_COUNTS: Final = (*_KINDS, "unchanged", "missing")


def sync(
    file: Annotated[
        Path,
        typer.Argument(
            help="One JSON object a line (NDJSON), one line a person; or .csv with a header.",
            exists=True,
            dir_okay=False,
        ),
    ],
    *,
    collection: Annotated[str, typer.Option(help="The collection.")],
    url: Url = HERE,
    key_file: Annotated[
        Path | None,
        typer.Option(help="File with a key of scope enroll; default: KITH_KEY.", dir_okay=False),
    ] = None,
    missing: Annotated[
        Literal["keep", "suspend"],
        typer.Option(help="People with an external id whom the file leaves out."),
    ] = "keep",
    max_change: Annotated[
        float,
        typer.Option(min=0, max=1, help="Largest share of people that may be suspended at once."),
    ] = 0.2,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare, and change nothing.")
    ] = False,
) -> None:
    """Bring the people of a collection in line with a file, and print what changed.

    Ends with 0, or with 3 where a dry run says that the same sync would be refused.
    """
    checked("collection", collection)
    asked = {"dry_run": str(dry_run).lower(), "missing": missing, "max_change": f"{max_change:g}"}
    with Service(url, key_of(key_file, "enroll")) as service:
        answer = _send(service, collection, asked, file)
    _print(answer)
    if answer["refusal"]:
        say(f"The sync would be refused. {answer['refusal']}")
        raise typer.Exit(_NOTHING_DONE)


def _send(
    service: Service, collection: str, asked: Mapping[str, str], file: Path
) -> dict[str, Any]:
    if file.suffix.lower() == ".csv":
        converted = _converted(file)
        size, content = len(converted), iter((converted,))
    else:
        size, content = file.stat().st_size, _chunks(file)
    headers = {"Content-Type": "application/x-ndjson", "Content-Length": str(size)}
    path = f"/collections/{collection}/sync"
    return service.ask("POST", path, wants="counts", params=asked, headers=headers, content=content)


def _converted(file: Path) -> bytes:
    try:
        return ndjson_of(file.read_bytes())
    except InvalidRequest as error:
        for each in error.errors:
            say(f"  {each.field} {each.message}")
        raise


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _print(answer: Mapping[str, Any]) -> None:
    out = plain_console()
    counts: Mapping[str, int] = answer["counts"]
    title = "A dry run: nothing was changed" if answer["dry_run"] else "Sync"
    table = Table("change", "external id", "person", "fields", title=title)
    for kind in _KINDS:
        shown: Sequence[Mapping[str, Any]] = answer[kind][:_ROWS]
        for each in shown:
            fields = ", ".join(each.get("fields", ()))
            table.add_row(kind, printable(each["external_id"]), each["person_id"] or "", fields)
        if counts[kind] > len(shown):
            table.add_row(kind, f"and {counts[kind] - len(shown):,} more", "", "")
    if table.row_count:
        out.print(table)
    listed = ", ".join(f"{counts[kind]:,} {kind}" for kind in _COUNTS)
    out.print(f"{counts['lines']:,} people in the file: {listed}; revision {answer['revision']}.")
