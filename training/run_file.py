"""Reads a run's TOML file. An error is one line: file, key, value, and the values allowed."""

import difflib
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from training.config import RunConfig
from training.errors import TrainingError

Table = dict[str, Any]
_RUN: Final = TypeAdapter(RunConfig)
_LONGEST: Final = 80  # characters of a value that are shown
_MOVED: Final = {
    "loss.point": "distillation.point",
    "loss.relation": "distillation.relation",
    "loss.gallery": "gallery.weight",
    "loss.threshold": "threshold.weight",
}
_OTHERS: Final = {
    "loss.temperature": "that of the gallery is gallery.temperature",
    "loss.distance": "that of the learned threshold is threshold.distance",
    "loss.margin": "a learned threshold begins at threshold.start, once half of loss.margin",
}


def load_config(path: Path) -> RunConfig:
    """Read a run file; ``TrainingError`` with the file, the key and what would be right."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingError(f"There is no run file {path}.") from None
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} is not TOML: {error}.") from None
    return parse(table, where=str(path))


def parse(table: Table, *, where: str) -> RunConfig:
    """The run of a ``table`` as TOML or JSON gives it; ``where`` names it in the error."""
    try:
        # As JSON, since strict dataclasses take no dictionaries of Python; no key takes a date.
        return _RUN.validate_json(json.dumps(table, default=lambda date: {"date": str(date)}))
    except ValidationError as error:
        found = error.errors(include_url=False)
    line = _line(found[0]["loc"], found[0]["type"], found[0].get("ctx", {}), table)
    raise TrainingError(f"{where}: {line}")


def _line(loc: tuple[int | str, ...], kind: str, context: Table, table: Table) -> str:
    if kind == "value_error":
        return f"{context['error']}."
    path, parent, node = _place(loc)
    if kind == "union_tag_not_found":
        return f"loss.kind is missing; it must be {_right(_kinds(node))}."
    if kind == "union_tag_invalid":
        return f"loss.kind is {_shown(context['tag'])}; it must be {_right(_kinds(node))}."
    if node is None:
        return _unknown(path, parent, _value(table, path))
    if kind == "missing":
        return f"{'.'.join(path)} is missing; it must be {_right(node)}."
    chosen = f"with loss.kind {loc[1]} " if path[0] == "loss" and len(path) > 1 else ""
    return f"{'.'.join(path)} is {_shown(_value(table, path))}; {chosen}it must be {_right(node)}."


def _unknown(path: list[str], parent: Table, value: object) -> str:
    *above, key = path
    place, known = "".join(f"{each}: " for each in above), sorted(parent["properties"])
    if moved := _MOVED.get(".".join(path)):
        return f"{place}key {key!r} = {_shown(value)} has moved; it is {moved} now."
    line = f"{place}unknown key {key!r} = {_shown(value)}; known here are {', '.join(known)}."
    if near := difflib.get_close_matches(key, known, 1):
        line += f" Did you mean {near[0]}?"
    elif other := _OTHERS.get(".".join(path)):
        line += f" ({other[0].upper()}{other[1:]}.)"
    return line


@cache
def _schema() -> Table:
    return _RUN.json_schema()


def _place(loc: tuple[int | str, ...]) -> tuple[list[str], Table, Table | None]:
    """The keys that lead to an error, the schema of the table it is in, and that of the value;
    None for a key that the table does not have.
    """
    path: list[str] = []
    parent = node = _schema()
    for step in loc:
        if "discriminator" in node:
            node = _resolved({"$ref": node["discriminator"]["mapping"][step]})
        elif "properties" not in node:
            break  # one of several types, or an item of a list: the whole value is named
        else:
            path.append(str(step))
            parent = node
            if step not in node["properties"]:
                return path, parent, None
            node = _resolved(node["properties"][step])
    return path, parent, node


def _resolved(node: Table) -> Table:
    """Follow a reference, also where None may stand for the table."""
    there = [each for each in node.get("anyOf", []) if each.get("type") != "null"]
    if len(there) == 1:
        node = there[0]
    if "$ref" in node:
        found: Table = _schema()["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


def _kinds(node: Table | None) -> Table:
    return {"enum": list((node or _schema())["discriminator"]["mapping"])}


def _right(node: Table) -> str:
    """Describe the values that this JSON schema allows."""
    if "anyOf" in node:
        return " or ".join(_right(each) for each in node["anyOf"])
    if "const" in node or "enum" in node:
        return "one of " + ", ".join(map(str, node.get("enum", [node.get("const")])))
    if "pattern" in node:
        return "1 to 64 letters, digits, dots, hyphens and underscores, the first no sign"
    words = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "array": "a list of names, at least one",
        "string": "text that is not empty" if "minLength" in node else "text",
    }
    return words.get(node.get("type", ""), "a table") + _range(node)


def _range(node: Table) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {_number(low)} to {_number(high)}"
    ends = [f"{word} {_number(end)}" for word, end in (
        ("of at least", low), ("above", above), ("at most", high), ("below", below),
    ) if end is not None]  # fmt: skip
    return "".join(f" {' and '.join(ends)}" if ends else "")


def _number(end: float) -> str:
    return f"{end:,.4f}".rstrip("0").removesuffix(".")


def _value(table: Table, path: list[str]) -> object:
    found: Any = table
    for key in path:
        found = found[key]
    return found


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
