"""One text, twice: Markdown for the repository and HTML for a browser, plots beside them."""

import html
from pathlib import Path

from markdown_it import MarkdownIt

from app.core.files import write_whole

_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-top: 1px solid #ddd;
       padding-top: 1.2rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #ddd; padding: 0.35rem 0.8rem; text-align: left;
       font-variant-numeric: tabular-nums; }
img { max-width: 100%; } code { background: #f3f3f3; padding: 0.1rem 0.25rem; }
"""


def write_page(folder: Path, name: str, markdown: str) -> None:
    """``name``.md and ``name``.html in ``folder``; the first line of ``markdown`` is its title."""
    folder.mkdir(parents=True, exist_ok=True)
    title = html.escape(markdown.lstrip("# ").splitlines()[0])
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    write_whole(folder / f"{name}.md", markdown.rstrip("\n") + "\n")
    write_whole(
        folder / f"{name}.html",
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n{body}</html>\n",
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
