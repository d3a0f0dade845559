"""The Compose files of ``examples/`` as Compose reads them: defaults for variables, and merged."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
SITES: Final = ("door", "frigate", "home-assistant", "node-red")
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")
Part = dict[str, Any]


@cache
def site(name: str) -> Part:
    """The whole file of an example; paths of mounts are absolute."""
    folder = EXAMPLES / name
    whole = _read(folder / "docker-compose.yml")
    for each, service in whole["services"].items():
        extended = service.pop("extends", None)
        base: Part = {}
        if extended:
            file = (folder / extended["file"]).resolve()
            base = _placed(_read(file)["services"][extended["service"]], file.parent)
        whole["services"][each] = _merged(base, _placed(service, folder))
    return whole


def environment(name: str, service: str) -> dict[str, str]:
    """The variables of a service."""
    given: Part = site(name)["services"][service].get("environment", {})
    return {variable: str(value) for variable, value in given.items()}


def mounts(service: Part) -> list[tuple[str, str, str]]:
    """Source, target and mode of each volume."""
    split = (volume.split(":") for volume in service.get("volumes", []))
    return [(source, target, *rest, "rw")[:3] for source, target, *rest in split]


def _read(file: Path) -> Part:
    found: Part = yaml.safe_load(_VARIABLE.sub(r"\1", file.read_text(encoding="utf-8")))
    return found


def _placed(service: Part, folder: Path) -> Part:
    volumes = [
        f"{(folder / each.partition(':')[0]).resolve()}:{each.partition(':')[2]}"
        if each.startswith(".")
        else each
        for each in service.get("volumes", [])
    ]
    return service | ({"volumes": volumes} if volumes else {})


def _merged(base: Part, over: Part) -> Part:
    """Mappings are merged, lists follow each other, anything else is replaced."""
    found = dict(base)
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(found.get(name), dict):
            found[name] = _merged(found[name], value)
        elif isinstance(value, list) and isinstance(found.get(name), list) and name != "command":
            found[name] = [*found[name], *value]
        else:
            found[name] = value
    return found
