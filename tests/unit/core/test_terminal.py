"""The output of commands is whole on any terminal."""

import pytest
from rich.table import Table

from app.core.terminal import plain_console

PATH = "/srv/" + "a-folder-with-a-long-name/" * 5


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_a_cell_that_is_too_long_goes_on_in_its_next_line(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    table = Table("name", "where")
    table.add_row("[red]", PATH)
    plain_console().print(table)
    said = capsys.readouterr().out
    assert "[red]" in said
    rows = [line.split("\N{BOX DRAWINGS LIGHT VERTICAL}")[2] for line in said.splitlines()[3:-1]]
    assert "".join(row.strip() for row in rows) == PATH
