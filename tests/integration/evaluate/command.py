"""``kith evaluate`` in this process, on folders of made-up people."""

import json
from pathlib import Path
from typing import Any

from tests.support.commands import Command, Ended
from tests.support.pictures import picture


class Kith:
    """The command on one data folder; the report goes to ``out``."""

    def __init__(self, command: Command, tmp_path: Path) -> None:
        self._command = command
        self.data = tmp_path / "data"
        self.out = tmp_path / "out"

    def evaluate(self, bundle: Path, *arguments: object, out: Path | None = None) -> Ended:
        settings = {"KITH_DATA_DIR": self.data, "KITH_MODEL": bundle, "COLUMNS": 200}
        return self._command("evaluate", *arguments, "--out", out or self.out, **settings)

    def report(self) -> dict[str, Any]:
        return report_of(self.out)

    def page(self) -> str:
        return (self.out / "report.html").read_text("utf-8")


def report_of(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    return content


def make_staff(folder: Path, *, several: int, people: int) -> Path:
    """Make a folder of ``people``: the first ``several`` have three pictures, the others one."""
    for somebody in range(people):
        for shake in range(3 if somebody < several else 1):
            put(folder, f"Person {somebody}", f"{shake}.png", picture(somebody, shake))
    return folder


def put(folder: Path, person: str, name: str, data: bytes) -> None:
    (folder / person).mkdir(parents=True, exist_ok=True)
    (folder / person / name).write_bytes(data)


def assert_one_line(done: Ended, said: str) -> None:
    """The command failed with one line that has this text, apart from the bars of its progress."""
    assert done.status == 1
    spoken = [line for line in done.err.splitlines() if line.startswith("kith:")]
    text = done.err[done.err.index("kith:") :].replace("\n", " ")
    assert len(spoken) == 1
    assert said in text
    assert "Traceback" not in done.err
