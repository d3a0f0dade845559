"""``kith_client/operations``: a method for each route, with an argument for each parameter, in a
module for each tag of the API.
"""

import keyword
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from generator.hints import Schema, name_of, received, sent
from generator.text import docstring, used_in

HEAD: Final = '''\
"""{title}. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.images import Image
from kith_client.methods import listing, method, streaming
from kith_client.model import Page
from kith_client.models import {models}


class {title}Routes:
    """A method for each route of ``{tag}``."""
'''
_ALL: Final = '''\
"""A method for each route. Written by ``make client`` from the service's OpenAPI document."""

{imports}


class Operations({classes}):
    """Each method gives the call that it is; a client runs it."""
'''
REPEATABLE: Final = {
    "identify", "verify", "compare", "detect", "embeddings", "distances", "cluster", "sync_persons",
}  # fmt: skip
"""Each POST that changes nothing, or nothing more the second time. Others are sent again only with
their Idempotency-Key."""


@dataclass
class _Argument:
    name: str
    hint: str
    default: str | None
    meaning: str
    sends: str
    """The entry of the mapping that it goes into."""


@dataclass
class _Operation:
    name: str
    decorator: str
    answer: str
    """The type of a Call's answer."""
    path: str
    verb: str
    description: str
    first: list[_Argument] = field(default_factory=list)
    """Arguments by place."""
    named: list[_Argument] = field(default_factory=list)
    sends: dict[str, list[str]] = field(default_factory=dict)
    once: bool = False

    def take(self, where: str, argument: _Argument, *, by_place: bool = False) -> None:
        (self.first if by_place else self.named).append(argument)
        if where:
            self.sends.setdefault(where, []).append(argument.sends)


def operations(document: Schema) -> dict[str, str]:
    """The source of each module, by its path in the package."""
    schemas = document["components"]["schemas"]
    of_tag: defaultdict[str, list[_Operation]] = defaultdict(list)
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            (tag,) = operation["tags"]
            of_tag[tag] += _methods(path, verb.upper(), operation, schemas)
    files = {f"operations/{tag}.py": _module(tag, of_tag[tag], schemas) for tag in of_tag}
    classes = {tag: f"{tag.capitalize()}Routes" for tag in of_tag}
    imports = [f"from kith_client.operations.{tag} import {each}" for tag, each in classes.items()]
    whole = _ALL.format(imports="\n".join(imports), classes=", ".join(classes.values()))
    return {**files, "operations/__init__.py": whole}


def _module(tag: str, found: list[_Operation], schemas: dict[str, Schema]) -> str:
    body = "\n".join(line for each in found for line in ["", *_lines(each)])
    names = ", ".join(used_in(body, schemas))
    return HEAD.format(title=tag.capitalize(), tag=tag, models=names or "Event") + body + "\n"


def _methods(
    path: str, verb: str, operation: Schema, schemas: dict[str, Schema]
) -> Iterator[_Operation]:
    """The method of a route, and a second one where the answer may also be a file."""
    content = next(r for s, r in operation["responses"].items() if s < "3").get("content", {})
    for kind, answer in content.items() or [("", {})]:
        decorator, hint = _answer(kind, answer.get("schema", {}), schemas)
        name = operation["operationId"]
        second = kind == "text/csv"
        made = _Operation(
            f"{name}_csv" if second else name, decorator, hint, path, verb,
            operation.get("description") or operation["summary"],
        )  # fmt: skip
        fixed = {"format": "csv" if second else None} if len(content) > 1 else {}
        _parameters(made, operation.get("parameters", []), fixed)
        _body(made, operation.get("requestBody", {}).get("content", {}), schemas)
        keyed = any(each.name == "idempotency_key" for each in made.named)
        made.once = verb == "POST" and not keyed and name not in REPEATABLE
        yield made


def _answer(kind: str, schema: Schema, schemas: dict[str, Schema]) -> tuple[str, str]:
    if not kind:
        return "method", "None"
    if kind == "text/event-stream":
        return "streaming", "Any"
    if kind.startswith("text/"):
        return "method", "str"
    name = name_of(schema) or ""
    if name.startswith("Page_"):
        item = schemas[name]["properties"]["items"]["items"]
        return "listing", f"Page[{received(item)}]"
    return "method", received(schema)


def _parameters(made: _Operation, parameters: list[Schema], fixed: dict[str, str | None]) -> None:
    for each in parameters:
        name, where = each["name"], each["in"]
        argument = python_name(name)
        meaning = each.get("description", "")
        if name in fixed:
            if fixed[name]:
                made.sends.setdefault("query", []).append(f"{name!r}: {fixed[name]!r}")
        elif where == "path":
            hint = sent(each["schema"])
            made.take("", _Argument(argument, hint, None, meaning, ""), by_place=True)
        elif name == "If-Match":
            meaning += " A number is the `revision` of what was read."
            entry = f"{name!r}: {argument}"
            made.take("headers", _Argument(argument, "str | int", None, meaning, entry))
        else:
            hint = sent(each["schema"]).removesuffix(" | None") + " | None"
            made.take(
                {"query": "query", "header": "headers"}[where],
                _Argument(argument, hint, "None", meaning, f"{name!r}: {argument}"),
            )


def _body(made: _Operation, content: Schema, schemas: dict[str, Schema]) -> None:
    if "application/x-ndjson" in content:
        line = sent(content["application/x-ndjson"]["schema"])
        made.first.append(_Argument("lines", f"Iterable[{line}]", None, "One for each person.", ""))
        made.sends["lines"] = ["lines"]
        return
    chosen = content.get("multipart/form-data") or content.get("application/json")
    if chosen is None:
        return
    schema = schemas[name] if (name := name_of(chosen["schema"])) else chosen["schema"]
    made.sends.setdefault("body", [])
    for name, each in schema["properties"].items():
        argument, required = python_name(name), name in schema.get("required", [])
        entry, meaning, hint = f"{name!r}: {argument}", each.get("description", ""), sent(each)
        if "Image" in hint.split("[")[-1]:
            hint = hint.replace("Sequence", "Iterable") + ("" if required else " | Unset")
            default = None if required else "UNSET"
            images = _Argument(argument, hint, default, meaning, entry)
            made.take("files", images, by_place=required)
        elif required:
            made.take("body", _Argument(argument, hint, None, meaning, entry))
        else:
            made.take("body", _Argument(argument, _or_unset(hint), "UNSET", meaning, entry))


def _or_unset(hint: str) -> str:
    return f"{hint.removesuffix(' | None')} | Unset{' | None' * hint.endswith(' | None')}"


def python_name(name: str) -> str:
    """The argument of a parameter: ``If-Match`` is ``if_match``, ``from`` is ``from_``."""
    plain = name.lower().replace("-", "_")
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def _lines(made: _Operation) -> Iterator[str]:
    named = sorted(made.named, key=lambda each: each.default is not None)
    arguments = ["self", *(_declared(each) for each in made.first)]
    if named:
        arguments += ["*", *(_declared(each) for each in named)]
    yield f"    @{made.decorator}"
    yield f"    def {made.name}({', '.join(arguments)}) -> Call[{made.answer}]:"
    rows = ((each.name, each.meaning) for each in [*made.first, *named])
    yield from docstring(made.description, rows, "        ")
    path = made.path
    for each in made.first:
        path = path.replace(f"{{{each.name}}}", f"{{part({each.name})}}")
    address = f'f"{path}"' if "{" in path else f'"{path}"'
    sends = [f"{where}={_sent(where, entries)}" for where, entries in made.sends.items()]
    once = ["once=True"] if made.once else []
    given = [made.answer, repr(made.verb), address, *sends, *once]
    yield f"        return call({', '.join(given)})"


def _declared(argument: _Argument) -> str:
    default = "" if argument.default is None else f" = {argument.default}"
    return f"{argument.name}: {argument.hint}{default}"


def _sent(where: str, entries: list[str]) -> str:
    return entries[0] if where == "lines" else "{" + ", ".join(entries) + "}"
