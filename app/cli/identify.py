"""``kith identify``: who is on these photos, by a running service."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.asking import HERE, Answer, Service, Url, checked, key_of
from app.core.names import printable
from app.core.terminal import flush_output, say

_SOME_REFUSED: Final = 3
_OF_THIS_FILE: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""Refusals of one file; the next one may be taken."""


def identify(
    files: Annotated[list[Path], typer.Argument(help="Photos.", exists=True, dir_okay=False)],
    *,
    collection: Annotated[str, typer.Option(help="The collection.")],
    url: Url = HERE,
    key_file: Annotated[
        Path | None,
        typer.Option(help="File with a key of scope identify; default: KITH_KEY.", dir_okay=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer on each file as one line of JSON.")
    ] = False,
) -> None:
    """Ask a running service, with a key, who is on photos: one line for each face.

    Ends with 0, also where nobody is known, or with 3 where a file was refused.
    """
    checked("collection", collection)
    refused = 0
    with Service(url, key_of(key_file, "identify")) as service:
        for file in files:
            answer = _ask(service, collection, file)
            if answer.status not in _OF_THIS_FILE:
                answer.expect_success()
                _print(file, answer.found, as_json=as_json)
                continue
            refused += 1
            say(printable(f"{file}: {answer.detail}"))
    if refused:
        raise typer.Exit(_SOME_REFUSED)


def _ask(service: Service, collection: str, file: Path) -> Answer:
    image = {"image": ("image", file.read_bytes())}
    path = f"/collections/{collection}/identify"
    return service.send("POST", path, wants="faces", files=image)


def _print(file: Path, found: dict[str, Any], *, as_json: bool) -> None:
    """Print at once: the reader need not wait for the other files."""
    if as_json:
        typer.echo(json.dumps({"file": printable(str(file)), **found}, ensure_ascii=True))
    else:
        for words in [_in_words(face) for face in found["faces"]] or ["no face"]:
            stale = " (stale: the database does not answer)" if found["stale"] else ""
            typer.echo(printable(f"{file}: {words}{stale}"))
    flush_output()


def _in_words(face: dict[str, Any]) -> str:
    """A face's decision, who it is, how similar they are, or why nobody was named."""
    words: list[str] = [face["decision"]]
    if person := face["person_id"]:
        words.append(person)
        named = next((each for each in face["candidates"] if each["person_id"] == person), None)
        if named and named["name"]:
            words.append(f"({named['name']})")
    if face["similarity"] is not None:
        words.append(f"similarity {face['similarity']:.3f}")
    if face["threshold"] is not None:
        words.append(f"threshold {face['threshold']:.3f}")
    return " ".join(words + face["reasons"])
