"""Docstrings, and names in a source."""

import re
import textwrap
from collections.abc import Iterable

_WIDTH = 96


def docstring(description: str, rows: Iterable[tuple[str, str]], indent: str) -> list[str]:
    """Lines of a docstring: what it is, and a row for each name that has a description."""
    text = " ".join(description.split())
    lines = textwrap.wrap(f'"""{text}', _WIDTH - len(indent))
    listed = [
        line
        for name, meaning in rows
        if meaning
        for line in textwrap.wrap(
            f"{name}: {' '.join(meaning.split())}", _WIDTH - len(indent), subsequent_indent="    "
        )
    ]
    if listed:
        lines += ["", *listed]
    if len(lines) > 1:
        lines.append('"""')
    else:
        lines[-1] += '"""'
    return [f"{indent}{line}" if line else "" for line in lines]


def used_in(body: str, names: Iterable[str]) -> list[str]:
    """Those of the names that stand in a source by themselves, sorted."""
    return [name for name in sorted(names) if re.search(rf"(?<![\w.`]){name}(?![\w`])", body)]
