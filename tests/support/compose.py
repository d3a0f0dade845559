"""docker-compose.yml as Compose reads it, with nothing set in the environment."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "docker-compose.yml"
DOCKERFILE: Final = ROOT / "docker" / "Dockerfile"

_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")


@cache
def compose() -> dict[str, Any]:
    """The whole file, its variables replaced by their defaults."""
    loaded: dict[str, Any] = _with_defaults(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    return loaded


def _with_defaults(part: Any) -> Any:  # noqa: ANN401 - any YAML
    """Compose replaces variables in what YAML has read: an empty default is a text, not nothing."""
    if isinstance(part, dict):
        return {key: _with_defaults(each) for key, each in part.items()}
    if isinstance(part, list):
        return [_with_defaults(each) for each in part]
    return _VARIABLE.sub(r"\1", part) if isinstance(part, str) else part


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    """The container's variables where nothing is set; one without a value is not set then."""
    given = service.get("environment", {}).items()
    return {**image_environment(), **{name: str(each) for name, each in given if each is not None}}


def services(profile: str | None = None) -> dict[str, dict[str, Any]]:
    """The services that start without a profile, or those of one; all of them for ``*``."""
    every: dict[str, dict[str, Any]] = compose()["services"]
    if profile == "*":
        return every
    wanted = [profile] if profile else []
    return {name: each for name, each in every.items() if each.get("profiles", []) == wanted}


def mounts(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Source, target and mode of each volume."""
    split = (volume.split(":") for volume in service.get("volumes", []))
    return [(source, target, *rest, "rw")[:3] for source, target, *rest in split]


def seconds(duration: str) -> int:
    """``45s`` or ``2m``."""
    return int(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]


def image_environment() -> dict[str, str]:
    """The variables that the Dockerfile's last stage sets."""
    last = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ").split("\nFROM ")[-1]
    lines = [line.removeprefix("ENV ") for line in last.splitlines() if line.startswith("ENV ")]
    return dict(word.split("=", 1) for line in lines for word in line.split())
