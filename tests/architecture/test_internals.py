"""The undocumented parts of libraries that Kith uses are listed, and are as the list says."""

import ast
import asyncio
import inspect
import os
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import uvicorn
from psycopg.pq import PGconn
from psycopg.waiting import wait
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server, ServerState

from app.server.internals import INTERNALS, Internal

APP = Path(__file__).parents[2] / "app"
PACKAGES = {"python_multipart": "python-multipart"}
FORM = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--b--\r\n'
SUBCLASSES = {
    "server/connections.py": ("Connection", "HttpToolsProtocol"),
    "server/process.py": ("Server", "Server"),
    "core/postgresql.py": ("_TimedConnection", "Connection"),
}
"""The module of each class that is derived from a library's, its name, the library's name."""


class Wire(asyncio.Transport):
    """A client's end that loses what it is sent."""

    def write(self, data: object) -> None: ...

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 80) if name in ("peername", "sockname") else default


@pytest.fixture(scope="module")
def objects() -> Iterator[dict[str, object]]:
    """By the name of its class, an object as the library makes it."""

    async def with_a_request() -> HttpToolsProtocol:
        config = uvicorn.Config(PlainTextResponse("done"), lifespan="off", log_config=None)
        config.load()
        made = HttpToolsProtocol(config, ServerState(), {}, asyncio.get_running_loop())
        made.connection_made(Wire())
        made.data_received(b"GET / HTTP/1.1\r\nHost: kith\r\n\r\n")
        return made

    protocol = asyncio.run(with_a_request())
    server = Server(protocol.config)
    database = psycopg.Connection(PGconn.connect_start(b"host=/nowhere"))
    known: list[object] = [protocol, protocol.cycle, protocol.flow, server, server.server_state]
    known += [database, MultipartParseError("no form", offset=3)]
    yield {**{type(each).__name__: each for each in known}, "MultipartParser": callbacks()}
    database.close()


def callbacks() -> SimpleNamespace:
    """A function for each callback that is called for a form, with the parameters it is given."""
    called = SimpleNamespace()

    def recorder(name: str) -> Callable[..., None]:
        def record(*given: object) -> None:
            setattr(called, name, (lambda data, start, end: None) if given else (lambda: None))

        return record

    names = [each.name for each in INTERNALS if each.name.startswith("on_")]
    parser = MultipartParser(b"b", {name: recorder(name) for name in names})  # type: ignore[arg-type]
    parser.write(FORM)
    called.logger = parser.logger
    return called


def complaint(internal: Internal, objects: dict[str, object]) -> str | None:
    """A sentence, if the installed library lacks it or has another shape of it."""
    module, _, name = internal.owner.partition(":")
    package = PACKAGES.get(root := module.split(".")[0], root)
    where = f"{package} {version(package)}: {name or module}.{internal.name}"
    needed = f"Kith relies on {internal.shape}: {internal.why}. See app/server/internals.py."
    try:
        owner = import_module(module)
        if name:
            owner = getattr(owner, name)
            is_method = inspect.isroutine(getattr(owner, internal.name, None))
            owner = owner if is_method else objects[name]  # type: ignore[assignment]
        value = getattr(owner, internal.name)
    except (ImportError, AttributeError, KeyError):
        return f"{where} is gone. {needed}"
    if internal.shape not in shapes(value):
        return f"{where} is now {shapes(value)[0]}. {needed}"
    return None


def shapes(value: object) -> list[str]:
    """The parameters of a function, or the names of a value's classes."""
    if not inspect.isroutine(value):
        return [each.__name__ for each in type(value).__mro__]
    parameters = inspect.signature(value).parameters.values()
    with_default = ("=" if each.default is not each.empty else "" for each in parameters)
    named = (f"{each.name}{mark}" for each, mark in zip(parameters, with_default, strict=True))
    return [f"({', '.join(named)})"]


def test_the_installed_libraries_have_what_is_listed(objects: dict[str, object]) -> None:
    complaints = [said for each in INTERNALS if (said := complaint(each, objects))]
    assert not complaints, "\n".join(complaints)


def test_an_upgrade_that_takes_or_changes_one_is_named(
    monkeypatch: pytest.MonkeyPatch, objects: dict[str, object]
) -> None:
    monkeypatch.delattr(HttpToolsProtocol, "_unset_keepalive_if_required")
    monkeypatch.setattr(Server, "on_tick", lambda self, counter, now: None)
    monkeypatch.setattr(objects["RequestResponseCycle"], "keep_alive", "no")
    said = [said for each in INTERNALS if (said := complaint(each, objects))]
    assert len(said) == 3
    gone, cycle, tick = said
    assert gone.startswith(f"uvicorn {version('uvicorn')}: HttpToolsProtocol._unset_keepalive")
    assert "is gone. Kith relies on (self): cancels a timer" in gone
    assert "RequestResponseCycle.keep_alive is now str. Kith relies on bool" in cycle
    assert "Server.on_tick is now (self, counter, now). Kith relies on (self, counter)" in tick


@pytest.mark.parametrize("file", SUBCLASSES)
def test_what_a_derived_class_uses_is_listed_and_nothing_else(
    file: str, objects: dict[str, object]
) -> None:
    name, library = SUBCLASSES[file]
    listed = {
        owner.rpartition(":")[2]: {
            each.name: each.shape for each in INTERNALS if each.owner == owner
        }
        for owner in {each.owner for each in INTERNALS}
    }
    tree = ast.parse((APP / file).read_text(encoding="utf-8"))
    derived = next(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == name)
    own = {n.name for n in derived.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    read = {
        tuple(ast.unparse(n).split(".")) for n in ast.walk(derived) if isinstance(n, ast.Attribute)
    }
    used = own | {chain[1] for chain in read if chain[0] in ("self", "super()")}
    of_library = {each for each in used if hasattr(objects[library], each)}
    assert {each for each in of_library if not each.startswith("__")} == set(listed[library])
    for _, held, attribute, *_rest in (c for c in read if c[0] == "self" and len(c) > 2):
        assert attribute in listed.get(listed[library].get(held, ""), {attribute}), held


def test_no_other_module_uses_these_libraries() -> None:
    using = {
        str(file.relative_to(APP))
        for file in APP.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        if name.split(".")[0] in {each.owner.split(".")[0].split(":")[0] for each in INTERNALS}
    }
    assert using == {*SUBCLASSES, "core/notifications.py", "web/forms.py"}, "list what they rely on"


def test_psycopg_asks_again_after_an_interval_in_which_nothing_came() -> None:
    """``core.postgresql`` looks at the time whenever it is given 0."""
    reading, writing = os.pipe()

    def until_asked() -> Generator[Any, int, int]:
        return (yield psycopg.waiting.Wait.R)

    try:
        assert wait(until_asked(), reading, interval=0.01) == 0
    finally:
        os.close(reading)
        os.close(writing)
