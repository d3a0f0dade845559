"""``kith audit evidence``: the sealed pictures behind decisions, listed, handed on and opened."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from app.cli.databases import existing_database
from app.cli.opened_evidence import INDEX, indexed, opened_to, text_of
from app.core.files import new_folder, new_private_file, whole_file, write_whole
from app.core.logging import configure_logging
from app.core.names import printable
from app.core.sealing import Opener, new_pair
from app.core.terminal import plain_console, say
from app.errors import InvalidRequest
from app.settings import load_settings
from app.trail import repository
from app.trail.evidence import Picture, content_of, pictures
from app.trail.export import utc
from app.trail.models import Row

cli = typer.Typer(
    help="The sealed pictures of decisions at doors (KITH_PROBE_EVIDENCE=sealed).",
    no_args_is_help=True,
)
_Collection = Annotated[str | None, typer.Option(help="Only what belongs to this collection.")]
_Person = Annotated[str | None, typer.Option(help="Only decisions that name this person.")]
_From = Annotated[
    datetime | None, typer.Option("--from", help="Only what happened then or later (UTC).")
]
_To = Annotated[datetime | None, typer.Option("--to", help="Only what happened before (UTC).")]


@cli.command()
def keys(
    file: Annotated[Path, typer.Argument(help="The file to write the private key to.")],
) -> None:
    """Make a pair of keys: the private one goes to a file, the public one is printed.

    Make it on another machine than the service's, and keep the file there: without it nobody opens
    what was sealed.
    """
    if file.exists():
        raise InvalidRequest(f"{file} is there already; a key that is replaced opens nothing more.")
    pair = new_pair()
    write_whole(file, f"{pair.private}\n")
    say(f"{file}: the private key. Set KITH_EVIDENCE_KEY of the service to the public one:")
    typer.echo(pair.public)


@cli.command("list")
def list_(
    *, collection: _Collection = None, person: _Person = None, start: _From = None, end: _To = None
) -> None:
    """List the sealed pictures that are kept, the oldest first."""
    out = plain_console()
    count = size = 0
    with _pictures(collection, person, start, end) as (_, found):
        for each in found:
            words = [each.at, f"{each.collection}/{each.door}", f"{each.decision} {each.reason}"]
            words += [each.person or "", each.event_id, each.sealed, f"to {each.sealed_to}"]
            out.print(printable("  ".join(words)), soft_wrap=True)
            count, size = count + 1, size + each.size
    out.print(f"Sealed pictures {count:,}, bytes {size:,}.")


@cli.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder to make.", file_okay=False)],
    *,
    collection: _Collection = None,
    person: _Person = None,
    start: _From = None,
    end: _To = None,
) -> None:
    """Copy sealed pictures into a new folder with an index of their decisions. They stay sealed."""
    _check_new(folder)
    count = 0
    with (
        _pictures(collection, person, start, end) as (session, found),
        new_folder(folder),
        whole_file(folder / INDEX) as index,
    ):
        for each in found:
            sealed = content_of(session, each)
            if sealed is None:
                continue  # gone since it was listed
            with new_private_file(folder / f"{each.sealed}.sealed") as stream:
                stream.write(sealed)
            index.write(f"{json.dumps(asdict(each), ensure_ascii=False)}\n".encode())
            count += 1
    say(f"{folder}: sealed pictures {count:,}. `kith audit evidence open` opens them elsewhere.")


@cli.command("open")
def open_(
    folder: Annotated[
        Path, typer.Argument(help="A folder of `export`.", exists=True, file_okay=False)
    ],
    to: Annotated[Path, typer.Argument(help="The folder to make.", file_okay=False)],
    *,
    key: Annotated[
        Path, typer.Option(help="File of the private key.", exists=True, dir_okay=False)
    ],
) -> None:
    """Open exported pictures with the private key, and check that each is the one that came.

    It needs no service and no database. Ends with 1 where a picture could not be opened.
    """
    _check_new(to)
    opener = Opener(text_of(key))
    done, wrong = 0, 0
    with new_folder(to):
        for each in indexed(folder):
            why = opened_to(opener, folder, to, each)
            done, wrong = done + (why is None), wrong + (why is not None)
            if why is not None:
                plain_console().print(f"{each['event_id']}, {each['sealed']}: {why}.")
    say(f"{to}: opened {done:,}, not opened {wrong:,}. They show people: keep them as such.")
    raise typer.Exit(int(bool(wrong)))


@contextmanager
def _pictures(
    collection: str | None, person: str | None, start: datetime | None, end: datetime | None
) -> Iterator[tuple[Session, Iterator[Picture]]]:
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    wanted = repository.matching(collection, utc(start), utc(end))
    if person is not None:
        wanted.append(Row.person_id == person)
    with existing_database(settings) as database, database.read(long_running=True) as session:
        yield session, pictures(session, *wanted)


def _check_new(folder: Path) -> None:
    if folder.exists():
        raise InvalidRequest(f"{folder} is there already; name a new folder.")
