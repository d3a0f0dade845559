"""The README's table of settings as it must be: made from the settings themselves."""

from typing import Final

from pydantic.fields import FieldInfo

from app.settings import Settings

BEGIN: Final = "<!-- settings -->"
END: Final = "<!-- /settings -->"

_OF_THE_MACHINE: Final = {"threads": "one a core"}
"""Defaults that depend on where the service runs, in words."""


def settings_table() -> str:
    """One row a setting, in the settings' order: variable, default, meaning."""
    prefix = Settings.model_config["env_prefix"]
    rows = ["| Variable | Default | Meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        variable = f"{prefix}{name}".upper()
        rows.append(f"| `{variable}` | {_default(name, field)} | {field.description} |")
    return "\n".join(rows)


def _default(name: str, field: FieldInfo) -> str:
    if name in _OF_THE_MACHINE:
        return _OF_THE_MACHINE[name]
    return "unset" if field.default in (None, "", ()) else f"`{field.default}`"
