"""``kith sync``: another system's people, sent to a running service as a file."""

import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import httpx
import typer
from rich.table import Table

from app.cli.sync_csv import ndjson_of
from app.core.ids import ID_PATTERN
from app.core.names import printable
from app.core.terminal import plain_console, say
from app.errors import AppError, Forbidden, InvalidRequest, NotReady, Unauthenticated

_NOTHING_DONE: Final = 3
_CHUNK: Final = 64 * 1024
_ROWS: Final = 50
"""Rows of the table for each kind of change; the counts are of all."""
_SECONDS: Final = httpx.Timeout(30, read=600)
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
    url: Annotated[
        str, typer.Option(envvar="KITH_URL", show_envvar=False, help="The service; or KITH_URL.")
    ] = "http://127.0.0.1:8000",
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
    if re.fullmatch(ID_PATTERN, collection) is None:
        raise InvalidRequest(f"{collection!r} is no id of a collection; one is {ID_PATTERN}.")
    asked = {"dry_run": str(dry_run).lower(), "missing": missing, "max_change": f"{max_change:g}"}
    answer = _send(_address(url), collection, _key(key_file), asked, file)
    _print(answer)
    if answer["refusal"]:
        say(f"The sync would be refused. {answer['refusal']}")
        raise typer.Exit(_NOTHING_DONE)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InvalidRequest(
            f"--url {printable(parts.hostname or url)!r} is no address such as http://127.0.0.1:8000."
        )
    return url.rstrip("/")


def _key(file: Path | None) -> str:
    """The key, which is never an argument: others on the machine can see those."""
    try:
        text = os.environ.get("KITH_KEY", "") if file is None else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise InvalidRequest(f"--key-file {printable(str(file))} cannot be read: {why}.") from None
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise InvalidRequest(
            "There is no key: set KITH_KEY to one of scope enroll, or name a file with --key-file."
        )
    return key


def _send(
    url: str, collection: str, key: str, asked: Mapping[str, str], file: Path
) -> dict[str, Any]:
    if file.suffix.lower() == ".csv":
        converted = ndjson_of(file)
        size, content = len(converted), iter((converted,))
    else:
        size, content = file.stat().st_size, _chunks(file)
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/x-ndjson",
        "Content-Length": str(size),
    }
    where = f"{url}/v1/collections/{collection}/sync"
    try:
        with httpx.Client(
            timeout=_SECONDS, trust_env=False, verify=ssl.create_default_context()
        ) as client:
            answer = client.post(where, params=asked, headers=headers, content=content)
        found = answer.json()
    except httpx.HTTPError as error:
        raise NotReady(f"{url} does not answer ({str(error) or type(error).__name__}).") from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"counts", "code"} & found.keys():
        raise InvalidRequest(f"{url} answers, and is no Kith; correct --url.")
    if not answer.is_success:
        raise _refusal(answer.status_code, found)
    return found


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _refusal(status: int, problem: Mapping[str, Any]) -> AppError:
    kinds: dict[int, type[AppError]] = {401: Unauthenticated, 403: Forbidden, 503: NotReady}
    listed = [f"  {each['field']}: {each['message']}" for each in problem.get("errors", [])]
    for line in listed:
        say(printable(line))
    return kinds.get(status, InvalidRequest)(str(problem.get("detail", f"answer {status}")))


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
