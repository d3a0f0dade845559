"""Names and values of settings in the environment and in the folder of secrets: a name that is no
setting, one that is given twice and one without a value stop the start, for each of them would be a
setting that does nothing.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from app.errors import SettingsError

_NOT_SETTINGS: Final = re.compile(
    r"""KITH_(
        (TEST|BENCH)_\w+ | CHAOS | IMAGE_BASE               # tests, measurements, the image's test
      | SECRET_\w+                                          # secrets of devices: docs/actions.md
      | TRAINING_DATA                                       # python -m training
      | KEY | URL | SOURCE                                  # kith door
      | BIND | BALANCED_PORT | SITE | MEMORY | VERSION      # docker-compose.yml
    )""",
    re.VERBOSE,
)
"""Variables that something else than the service reads, with the same beginning."""
_OF_DEVICES: Final = re.compile(r"KITH_SECRET_\w+")
"""Files that hold secrets of devices, which actions name."""
_OF_KUBERNETES: Final = re.compile(
    r"KITH_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""Variables that Kubernetes itself sets in every container of a namespace with a Service called
``kith`` or ``kith-...``."""
_SERVICE_ADDRESS: Final = re.compile(r"(tcp|udp|sctp)://")


class SettingNames:
    """The ``fields`` of the settings as variables with ``prefix``, and as files in lower case."""

    def __init__(self, prefix: str, fields: Iterable[str]) -> None:
        self._prefix = prefix
        self._fields = frozenset(fields)

    def check(self, environment: Mapping[str, str], folder: Path | None) -> None:
        """``SettingsError`` at the first name in either that is misspelt, doubled or empty."""
        seen: dict[str, str] = {}
        for name, value in sorted(environment.items()):
            if (field := self._field(name)) is None or _is_of_others(name, value, self._fields):
                continue
            self._check_name(name, field, seen)
            if not value.strip():
                raise SettingsError(f"{name} is empty; give it a value, or unset it.")
            if field == "port" and _SERVICE_ADDRESS.match(value):
                raise SettingsError(
                    f"{name} is {value!r}, which Kubernetes sets for a Service with this name; set "
                    f"{name} to a number in the container, or enableServiceLinks to false."
                )
        if folder is not None:
            self._check_folder(folder)

    def where(self, field: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
        """The name that gave ``field``, and its value where that is not in a file of secrets."""
        for name, value in environment.items():
            if self._field(name) == field:
                return name, value
        return f"The file {self._prefix.lower()}{field} in KITH_SECRETS_DIR", None

    def _field(self, name: str) -> str | None:
        lower, prefix = name.lower(), self._prefix.lower()
        return lower.removeprefix(prefix) if lower.startswith(prefix) else None

    def _check_name(self, name: str, field: str, seen: dict[str, str]) -> None:
        if field not in self._fields:
            raise SettingsError(self._misspelt(name, field))
        if (other := seen.setdefault(field, name)) != name:
            raise SettingsError(f"{other} and {name} are the same setting; keep one of them.")

    def _misspelt(self, name: str, field: str) -> str:
        near = difflib.get_close_matches(field, self._fields, n=1)
        if not near:
            return f"{name} is not a setting; README.md lists them all."
        known = f"{self._prefix}{near[0]}"
        return f"{name} is not a setting; did you mean {_cased_as(name, known)}?"

    def _check_folder(self, folder: Path) -> None:
        try:
            files = sorted(folder.iterdir())
        except OSError as error:
            raise SettingsError(
                f"KITH_SECRETS_DIR is {str(folder)!r}, which cannot be read: {error.strerror}."
            ) from None
        seen: dict[str, str] = {}
        for file in files:
            if _OF_DEVICES.fullmatch(file.name.upper()):
                continue
            if (field := self._field(file.name)) is not None:
                self._check_name(file.name, field, seen)
                _check_secret(file)


def allowed_values(schema: Mapping[str, Any]) -> str:
    """The allowed values of a setting with this JSON schema, in words."""
    kind = next((each for each in schema.get("anyOf", []) if each["type"] != "null"), schema)
    if "enum" in kind:
        return f"one of {', '.join(kind['enum'])}"
    if "minimum" in kind:
        number = "a whole number" if kind["type"] == "integer" else "a number"
        return f"{number} from {kind['minimum']} to {kind['maximum']}"
    if kind.get("type") == "boolean":
        return "true or false"
    return f"a text of {kind.get('minLength', 1)} characters or more"


def _is_of_others(name: str, value: str, fields: frozenset[str]) -> bool:
    upper = name.upper()
    if _NOT_SETTINGS.fullmatch(upper) or _OF_KUBERNETES.fullmatch(upper):
        return True
    is_address = upper.endswith("_PORT") and bool(_SERVICE_ADDRESS.match(value))
    return is_address and upper.lower().removeprefix("kith_") not in fields


def _cased_as(name: str, known: str) -> str:
    return known.lower() if name.islower() else known.upper()


def _check_secret(file: Path) -> None:
    try:
        empty = not file.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"The secret {str(file)!r} cannot be read: {error.strerror}.") from None
    if empty:
        raise SettingsError(
            f"The secret {str(file)!r} is empty; give it a value, or take the file away."
        )
