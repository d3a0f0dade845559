"""The documentation names only things that exist: pages, headings, files, commands, routes,
variables."""

import re
import shlex
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.testclient import TestClient

from app.cli.commands import cli_for
from app.core.db import Database
from app.maintenance.check import Check
from app.settings import Settings
from migrations import newest, upgrade
from tests.api.support import ok
from tests.support.compose import compose
from tests.support.example_sites import SITES, site
from tests.support.fake_bundle import contract_named
from tests.support.pages import ROOT, anchors, code, kept_files, links, pages

FOLDERS = "app|bench|clients|deploy|docker|docs|examples|migrations|requirements|tests|training"
_PATH = re.compile(
    rf"(?<![\w/.{{}}-])((?:{FOLDERS})/[\w./-]+\.(?:py|md|toml|txt|json|yml|yaml|service|npz|onnx|html|png|svg))"
)
_DECISION = re.compile(r"(?:docs/)?decisions?[ /](\d{4})\b")
_MODULE = re.compile(r"``((?:app|bench|training|tests)(?:\.\w+)+)``")
_VARIABLE = re.compile(r"\bKITH_[A-Z0-9_]*[A-Z0-9]\b")
_ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.-]+)")


def named(pattern: re.Pattern[str], files: list[Path]) -> Iterator[tuple[str, str]]:
    """The place of each match, and its first group."""
    for file in files:
        for match in pattern.finditer(file.read_text("utf-8", "replace")):
            yield str(file.relative_to(ROOT)), match[match.lastindex or 0]


def text_files(pattern: str = "*") -> list[Path]:
    """The files that people write: code, settings, pages."""
    suffixes = {".py", ".md", ".toml", ".yml", ".txt", ""}
    ours = [file for file in kept_files() if file.suffix in suffixes and file.match(pattern)]
    return [file for file in ours if "requirements" not in str(file)]


def test_every_link_leads_to_a_page_and_every_anchor_to_a_heading() -> None:
    broken = []
    for page in pages():
        for link in links(page):
            if re.match(r"[a-z]+:", link):
                continue
            where, _, anchor = link.partition("#")
            target = (page.parent / where).resolve() if where else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    recipes = index.parent / "recipes" / "README.md"  # the index of its folder
    listed = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in (index, recipes)
        for link in links(page)
    }
    ours = {page for page in pages() if page.is_relative_to(index.parent)} - {index}
    assert ours - listed == set()


def test_every_file_that_is_named_is_there() -> None:
    found = list(named(_PATH, text_files()))
    assert len(found) > 50
    missing = [
        (where, path)
        for where, path in found
        if not (ROOT / path).exists() and not (ROOT / where).parent.joinpath(path).exists()
    ]
    assert missing == []


def test_every_decision_that_is_named_is_there() -> None:
    there = {file.name[:4] for file in (ROOT / "docs" / "decisions").glob("*.md")}
    assert [each for each in named(_DECISION, text_files()) if each[1] not in there] == []


def test_every_module_that_a_docstring_names_is_there() -> None:
    missing = []
    for where, name in named(_MODULE, [f for f in kept_files() if f.suffix == ".py"]):
        parts = name.split(".")
        paths = [ROOT.joinpath(*parts[:end]) for end in range(len(parts), 0, -1)]
        found = next(p for p in paths if p.is_dir() or p.with_suffix(".py").is_file())
        rest = parts[len(found.relative_to(ROOT).parts) :]
        source = found.with_suffix(".py").read_text("utf-8") if rest and not found.is_dir() else ""
        if not all(re.search(rf"\b{each}\b", source) for each in rest):
            missing.append((where, name))
    assert missing == []


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """Every call of ``program`` on a page: where, and its words."""
    call = re.compile(rf"(?:^|[;&|'\"] ?|\bkith )(?:\.venv/bin/)?{program} (?=[a-z-])")
    for page in pages():
        for piece in code(page):
            if found := list(call.finditer(piece)):
                yield str(page.relative_to(ROOT)), words(piece[found[-1].end() :])


def words(rest: str) -> list[str]:
    """The words of a command up to what the shell makes of the line's end."""
    plain = re.split(r" #|[|;<>&']", rest)[0]
    return shlex.split(plain.replace('"', ""))


def test_every_command_and_option_of_kith_is_there() -> None:
    calls = list(commands("kith"))
    assert len(calls) > 40
    wrong = [f"{where}: kith {' '.join(call)}" for where, call in calls if not understood(call)]
    assert wrong == []


def understood(call: list[str]) -> bool:
    command: Any = typer.main.get_command(cli_for([]))
    for word in call:
        if commands_below := getattr(command, "commands", None):
            default = commands_below.get(getattr(command, "default", None))
            command = commands_below.get(word, default)
            if command is None:
                return word.startswith("-")
            if word in commands_below:
                continue
        if word.startswith("--"):
            options = {name for each in command.params for name in each.opts + each.secondary_opts}
            if word.partition("=")[0] not in {*options, "--help"}:
                return False
    return True


def options(command: Any) -> Iterator[str]:  # noqa: ANN401 - typer's, which are not typed
    """The options of a command and of all commands below it."""
    for each in getattr(command, "params", []):
        yield from each.opts + each.secondary_opts
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


def test_every_option_that_stands_alone_is_there() -> None:
    of_docker = {"--build-arg", "--profile", "--volume"}
    known = of_docker | set(options(typer.main.get_command(cli_for([]))))
    for page in pages():
        for piece in code(page):
            if found := re.match(r"--[a-z-]+", piece):
                assert found[0] in known, (page.name, piece)


def test_what_is_looked_for_among_commands_would_be_found() -> None:
    assert understood(["models", "pull", "--plain"])
    assert understood(["restore", "kith.zip", "--replace"])
    assert understood(["evaluate", "FOLDER", "--groups", "FILE"])
    assert understood(["evaluate", "door", "FOLDER", "--frames", "5"])
    assert not understood(["evaluate", "FOLDER", "--frames", "5"])
    assert not understood(["restores", "kith.zip"])
    assert not understood(["restore", "kith.zip", "--force"])
    assert not understood(["models", "push"])


def test_every_target_of_make_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    calls = list(commands("make"))
    assert len(calls) > 10
    for where, call in calls:
        wanted = {word for word in call if re.fullmatch(r"[a-z-]+", word)}
        assert wanted <= targets, where


def test_every_service_and_profile_of_compose_is_there() -> None:
    ours = compose()["services"]
    profiles = {name for each in ours.values() for name in each.get("profiles", [])}
    calls = list(commands("docker compose"))
    assert len(calls) > 10
    for where, call in calls:
        example = Path(where).parent.name
        services = site(example)["services"] if example in SITES else ours
        for before, word in pairwise(call):
            if before == "--profile":
                assert word in profiles, where
        if call[0] in ("exec", "restart", "stop"):
            named_first = [word for word in call[1:] if not word.startswith("-")][:1]
            assert set(named_first) <= set(services), (where, call)


def test_every_variable_that_a_page_names_means_something() -> None:
    ours = {f"KITH_{name}".upper() for name in Settings.model_fields}
    code_files = [file for file in text_files() if file.suffix != ".md"]
    elsewhere = {name for _, name in named(_VARIABLE, code_files)}
    found = list(named(_VARIABLE, pages()))
    assert len(found) > 50
    of_devices = re.compile(r"KITH_SECRET_\w+")  # the operator's own names
    unknown = [each for each in found if each[1] not in ours | elsewhere]
    assert [each for each in unknown if not of_devices.fullmatch(each[1])] == []


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return ok(client.get("http://kith/openapi.json"))


def test_every_route_that_a_page_names_is_there(document: dict[str, Any]) -> None:
    def plain(path: str) -> str:
        return re.sub(r"{\w+}", "{}", path)

    there = {
        (method.upper(), plain(path)) for path, item in document["paths"].items() for method in item
    }
    found = [
        (page.name, method, plain(path.rstrip(".")))
        for page in pages()
        for method, path in _ROUTE.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(found) > 5
    assert [each for each in found if each[1:] not in there] == []


def test_every_metric_that_a_page_names_is_there(client: TestClient) -> None:
    documented = set(
        re.findall(r"^# HELP (\w+)", client.get("http://kith/metrics").text, re.MULTILINE)
    )
    fields = {name for _, name in named(re.compile(r"\bkith_[a-z_]+\b"), text_files("*.py"))}
    for page in pages():
        for piece in code(page):
            if re.fullmatch(r"kith_[a-z_]+", piece):
                assert piece in documented | fields, (page.name, piece)


def test_the_page_on_upgrades_names_the_newest_schema() -> None:
    page = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
    assert re.findall(r"to the new schema \((\d+)\)", page) == [newest()]


def test_the_page_on_backups_shows_every_check(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'kith.db'}")
    upgrade(database)
    check = Check(database, tmp_path / "index", contract_named("none", 2))
    names = [each.name for each in check.results(lambda _: nullcontext(lambda _: None))]
    database.close()
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    table = page[page.index("| check |") :].split("\n\n")[0].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in table] == names
