"""Texts are plain English: no word that a reader must decode, no docstring without its subject."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Any, Final

import pytest
import typer
from fastapi.testclient import TestClient

from app.cli.commands import cli_for
from app.settings import Settings
from tests.api.support import ok
from tests.support.pages import ROOT, pages

CARDS: Final = ("app/bundles/recipes/", "app/bundles/shipped/")
"""Folders of model cards. A recipe or manifest states their SHA-256, so they stay as published."""
FOLDERS: Final = ("app", "training", "migrations", "bench", "docker", "clients", "tests")
_WORDS: Final = re.compile(
    r"\b(whoever|told|tells?|besides?|anew|so\s+many|meanwhile)\b", re.IGNORECASE
)
_OPENINGS: Final = re.compile(r"\s*(Who|Whose|Whom|Whoever|What|As|Of|Where)\b")


def hits(texts: dict[str, str]) -> list[str]:
    """One line for each hit: where it is, and the words around it."""
    return [
        f"{where}: ...{text[max(match.start() - 30, 0) : match.end() + 30]}..."
        for where, text in texts.items()
        for match in _WORDS.finditer(text)
    ]


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    """The name and source of each module in ``folders``."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """The line and text of each docstring; also those that follow a constant or a field."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    """The first line and text of each comment; lines that follow each other are one comment."""
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if block and token.start[0] != block[-1][0] + 1:
                yield block[0][0], " ".join(text for _, text in block)
                block = []
            block.append((token.start[0], token.string.lstrip("# ")))
    if block:
        yield block[0][0], " ".join(text for _, text in block)


def literals(source: str) -> Iterator[tuple[int, str]]:
    """The line and text of each string of several words, such as an error; no docstrings."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if " " in text and id(node) not in alone:
                yield node.lineno, text


def strings(document: Any, where: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Each string of a JSON document, with its path."""
    if isinstance(document, str):
        yield where, document
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from strings(value, f"{where}/{name}")
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from strings(value, f"{where}/{number}")


def helps(command: Any, name: str = "kith") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - typer's
    """The help of a command, of its parameters and of all commands below it."""
    yield name, command.help or ""
    for each in command.params:
        yield f"{name} {each.name}", getattr(each, "help", None) or ""
    for below, each in getattr(command, "commands", {}).items():
        yield from helps(each, f"{name} {below}")


def test_the_openapi_document(client: TestClient) -> None:
    assert hits(dict(strings(ok(client.get("http://kith/openapi.json"))))) == []


def test_the_glossary_is_short_and_has_one_sentence_a_word() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [row for row in re.findall(r"^\| (.+) \|$", text, re.MULTILINE) if " | " in row]
    words = [row.partition(" | ") for row in rows if not re.match(r"word |---", row)]
    assert 30 <= len(words) <= 40
    assert [word for word, _, meaning in words if not re.fullmatch(r".*[.?]", meaning)] == []
    assert [word for word, _, meaning in words if ". " in meaning] == []


def test_settings_and_commands() -> None:
    settings = {name: each.description or "" for name, each in Settings.model_fields.items()}
    assert min(map(len, settings.values())) > 0
    assert hits(settings | dict(helps(typer.main.get_command(cli_for([]))))) == []


def test_errors_and_other_messages() -> None:
    texts = {
        f"{name}:{line}": text for name, source in modules("app") for line, text in literals(source)
    }
    assert len(texts) > 300
    assert hits(texts) == []


def test_pages() -> None:
    names = {str(page.relative_to(ROOT)): page for page in pages()}
    found = {
        name: page.read_text(encoding="utf-8")
        for name, page in names.items()
        if not name.startswith(CARDS)
    }
    assert {"README.md", "SECURITY.md", "docs/glossary.md"} <= found.keys()
    assert hits(found) == []


def test_docstrings_and_comments() -> None:
    texts = {
        f"{name}:{line}": text
        for name, source in modules(*FOLDERS)
        for line, text in [*docstrings(source), *comments(source)]
    }
    assert len(texts) > 1000
    assert hits(texts) == []


def test_docstrings_open_with_a_subject() -> None:
    found = [
        f"{name}:{line}: {text[:60]}"
        for name, source in modules(*FOLDERS)
        for line, text in docstrings(source)
        if _OPENINGS.match(text)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Anew."""', 1),
        ('x = 1\n"""So\nmany."""', 1),
        ("# It tells\n# whoever asks.", 2),
        ('raise ValueError("the client is told")', 1),
        ('raise ValueError(f"{x} beside {y}")', 1),
        ("told = 1", 0),
        ('"""Retold to a teller."""', 0),
    ],
)
def test_what_is_looked_for_would_be_found(source: str, found: int) -> None:
    texts = [*docstrings(source), *comments(source), *literals(source)]
    assert len(hits({str(number): text for number, (_, text) in enumerate(texts)})) == found
