"""Texts with placeholders such as ``{{person.credentials.2n}}``, and no logic. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_OPEN: Final = "{{"
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z0-9._-]+)\s*\}\}")
CREDENTIALS: Final = ("person.credentials.", "credential.")
"""Both mean the same."""
REF: Final = "door.ref."
SECRETS: Final = frozenset({"secret", "secret.user", "secret.password"})
DECISION: Final = frozenset(
    f"decision.{each}"
    for each in (
        "id", "event_id", "decision", "reason", "collection_id", "door_id", "person_id",
        "external_id", "session", "at", "valid_until",
    )
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Unfit(Exception):
    """A value that is missing, or that its place in a text cannot hold. The text names the
    placeholder and never its value.
    """


@dataclass(frozen=True, slots=True)
class Template:
    """A text in pieces: ``literals`` has one more than ``names``, which stand between them."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """``ValueError`` says what is wrong with a placeholder."""
        literals: list[str] = []
        names: list[str] = []
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            literals.append(text[end : found.start()])
            names.append(found[1])
            end = found.end()
        literals.append(text[end:])
        if any(_OPEN in each for each in literals):
            raise ValueError("has {{ without a name and }} after it; write {{door.ref.NAME}}")
        for name in names:
            _check(name)
        return cls(tuple(literals), tuple(names))

    def filled(self, value: Callable[[str], str], escape: "Escape | None" = None) -> str:
        """The text with the value of each name; ``escape`` gets the place's number too."""
        return "".join(self._pieces(value, escape))

    def _pieces(self, value: Callable[[str], str], escape: "Escape | None") -> Iterator[str]:
        for place, name in enumerate(self.names):
            yield self.literals[place]
            found = value(name)
            try:
                yield escape(place, found) if escape else found
            except ValueError as error:
                raise Unfit(f"the value of {{{{{name}}}}} {error}") from None
        yield self.literals[-1]


Escape = Callable[[int, str], str]
"""The value at this place, escaped; ``ValueError`` where the place cannot hold it."""


def _check(name: str) -> None:
    if name in DECISION or name in SECRETS:
        return
    for prefix in (*CREDENTIALS, REF):
        if name.startswith(prefix) and _NAME.fullmatch(name.removeprefix(prefix)):
            return
    raise ValueError(
        f"has the placeholder {{{{{name}}}}}, which nothing fills; there are "
        f"person.credentials.SYSTEM, door.ref.NAME, secret, {', '.join(sorted(DECISION))}"
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """The values of placeholders. ``credentials`` are (system, type, value), in the person's
    order; ``secret`` is the text that the action names, or None. They are in no ``repr``.
    """

    decision: Mapping[str, str]
    ref: Mapping[str, str]
    credentials: tuple[tuple[str, str, str], ...] = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    dummy: bool = False
    """Whether a person without a credential has the credential ``0``, as in a test."""

    def value(self, name: str) -> str:
        """The value of a placeholder; ``Unfit`` where there is none."""
        if name in SECRETS:
            return self._secret(name)
        if name.startswith(REF):
            found = self.ref.get(name.removeprefix(REF))
            missing = "the door has no such ref"
        elif name in DECISION:
            found = self.decision.get(name.removeprefix("decision."))
            missing = "the decision has none"
        else:
            found = self._credential(name)
            missing = "the person has no such credential"
        if not found:
            raise Unfit(f"{{{{{name}}}}} has no value: {missing}")
        return found

    def _credential(self, name: str) -> str | None:
        wanted = next(name.removeprefix(each) for each in CREDENTIALS if name.startswith(each))
        for system, kind, value in self.credentials:
            if wanted in (system, f"{system}.{kind}"):
                return value
        return "0" if self.dummy else None

    def _secret(self, name: str) -> str:
        text = self.secret or ""
        if name == "secret":
            return text
        user, colon, password = text.partition(":")
        if not colon:
            raise Unfit(f"{{{{{name}}}}} needs a secret of the form user:password")
        return user if name == "secret.user" else password
