"""A command that is interrupted at many moments of its life, each counted and none timed.

A process that has loaded the commands is forked for each moment. The new one runs the command in a
folder of its own and sends itself SIGINT at a certain one of the events that Python reports to an
audit hook: an import, a file opened, a query begun.
"""

import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forked import Forked


@dataclass(frozen=True)
class Ended:
    """How a run ended, what it said, and the folder that it ran in."""

    status: int
    said: str
    folder: Path

    def new_files(self, template: Path) -> set[str]:
        """The files that ``template`` does not have, without those of SQLite next to an open
        file."""
        return {
            name
            for name in files_in(self.folder) - files_in(template)
            if not name.endswith(("-wal", "-shm"))
        }


def files_in(folder: Path) -> set[str]:
    """Every file and empty folder, relative to ``folder``."""
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if not _filled(each)}


def _filled(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())


def interrupted(
    template: Path, *arguments: str, moments: int, call: str = "app.cli:main", **environment: str
) -> tuple[Ended, list[Ended]]:
    """The command run to its end, and interrupted at this many moments, each in a copy of a folder
    that holds what ``template`` holds; the copies lie next to it.
    """
    plan = {
        "template": str(template),
        "call": call,
        "arguments": arguments,
        "moments": moments,
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    result, log = template.with_suffix(".json"), template.with_suffix(".log")
    log.touch()
    program = f"from {__name__} import run_all; run_all()"
    process = Forked(program, [json.dumps(plan), str(result)], clean | environment, log)
    assert process.wait(240) == 0, log.read_text()
    found = json.loads(result.read_text())
    ended = [Ended(status, said, Path(folder)) for status, said, folder in found]
    return ended[0], ended[1:]


def run_all() -> None:
    """Each run of the plan that the first argument is; how they ended goes to the second."""
    plan, result = json.loads(sys.argv[1]), Path(sys.argv[2])
    module, _, name = plan["call"].partition(":")
    call = getattr(importlib.import_module(module), name)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent process may ignore it
    whole, events = _run(plan, call, "whole", None)
    ended = [whole]
    for number in range(plan["moments"]):
        moment = 1 + number * events // plan["moments"]
        ended.append(_run(plan, call, f"at-{moment}", moment)[0])
    result.write_text(json.dumps(ended))


def _run(
    plan: dict[str, Any], call: Callable[[], object], name: str, moment: int | None
) -> tuple[tuple[int, str, str], int]:
    template = Path(plan["template"])
    folder = template.with_name(f"{template.name}-{name}")
    shutil.copytree(template, folder)
    log, count = folder.with_suffix(".log"), folder.with_suffix(".events")
    child = os.fork()
    if not child:
        _run_here(plan, call, folder, log=log, count=count, moment=moment)
    _, status = os.waitpid(child, 0)
    events = int(count.read_text()) if count.exists() else 0
    return (os.waitstatus_to_exitcode(status), log.read_text(), str(folder)), events


def _run_here(
    plan: dict[str, Any],
    call: Callable[[], object],
    folder: Path,
    *,
    log: Path,
    count: Path,
    moment: int | None,
) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    sys.argv = ["kith", *plan["arguments"]]
    seen = 0

    def hook(event: str, _: object) -> None:
        nonlocal seen
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGINT)

    sys.addaudithook(hook)
    status: object = 0
    try:
        call()
    except SystemExit as ended:
        status = ended.code or 0
    events = seen
    sys.stdout.flush()
    sys.stderr.flush()
    count.write_text(str(events))
    os._exit(status if isinstance(status, int) else 1)
