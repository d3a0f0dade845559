"""Secrets of devices: variables ``KITH_SECRET_...`` of the environment, or files of that name in
lower case in the folder of secrets. No other variable and no other file is read, so that nobody who
may write actions gets the admin key or the database's password out of the service. Where
``..._HOSTS`` is set for a secret, it is sent to those hosts alone.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.actions.templates import Unfit

NAME_PATTERN: Final = r"^KITH_SECRET_[A-Z0-9_]{1,48}$"
_NAME: Final = re.compile(NAME_PATTERN)
_HOSTS: Final = "_HOSTS"
_MOST_BYTES: Final = 16 * 1024


def check_name(name: str) -> str:
    """``name``, if it is one of a secret; ``ValueError`` else."""
    if not _NAME.fullmatch(name) or name.endswith(_HOSTS):
        raise ValueError("must be KITH_SECRET_ and capitals, digits or _, and not end in _HOSTS")
    return name


@dataclass(frozen=True, slots=True)
class Secrets:
    """Reads secrets when they are needed, so that a changed file counts at once."""

    folder: Path | None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def read(self, name: str, host: str) -> str:
        """The secret, for a call to ``host``; ``Unfit`` where it is not there or not for it."""
        text = self._text(check_name(name))
        if not text:
            raise Unfit(
                f"the secret {name} is not set: set the variable, or put the file {name.lower()} "
                "into the folder of secrets"
            )
        hosts = self._text(f"{name}{_HOSTS}")
        if hosts and host.lower() not in {each.strip().lower() for each in hosts.split(",")}:
            raise Unfit(f"the secret {name} is not for {host}: {name}{_HOSTS} does not name it")
        return text

    def _text(self, name: str) -> str | None:
        if (value := self.environment.get(name)) is not None:
            return value.strip("\r\n")
        if self.folder is None:
            return None
        try:
            with (self.folder / name.lower()).open("rb") as stream:
                data = stream.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unfit(f"the secret {name} cannot be read: {error.strerror}") from None
        if len(data) > _MOST_BYTES:
            raise Unfit(f"the secret {name} is longer than {_MOST_BYTES:,} bytes")
        try:
            return data.decode().strip("\r\n")
        except UnicodeDecodeError:
            raise Unfit(f"the secret {name} is no text in UTF-8") from None
