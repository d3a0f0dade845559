"""One text, twice: Markdown for the repository and HTML for a browser, plots in files of their own.

Names come from run files, so a text that a user chose goes through ``literal`` or ``code``.
"""

import re
from itertools import groupby
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from app.core.files import write_whole
from app.pages.renderer import Pages

_PAGES: Final = Pages(Path(__file__).with_name("templates"))
_MARKS: Final = re.compile(r"([\\`*_\[\]<>&|~$#!:@])")


def write_page(folder: Path, name: str, markdown: str) -> None:
    """``name``.md and ``name``.html in ``folder``; the first line of ``markdown`` is its title."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    html = _PAGES.render(
        "report.html", title=_title(reader, markdown), body=reader.render(markdown)
    )
    write_whole(folder / f"{name}.md", markdown.rstrip("\n") + "\n")
    write_whole(folder / f"{name}.html", html)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def literal(text: str) -> str:
    """Markdown that shows ``text`` as it is, within a line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Markdown that shows ``text`` as code, within a line; it may have backticks."""
    line = " ".join(text.splitlines())
    runs = {len(list(run)) for tick, run in groupby(line) if tick == "`"}
    fence = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    space = " " if runs else ""
    return f"{fence}{space}{line}{space}{fence}"


def _title(reader: MarkdownIt, markdown: str) -> str:
    """The text of the first heading, without its marks."""
    heading = SyntaxTreeNode(reader.parse(markdown.splitlines()[0]))
    return "".join(each.content for each in heading.walk() if each.type in ("text", "code_inline"))
