"""The actor: the key, the client and the request behind what this process does now."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """The id of a key, the address of a client and the id of a request; all None where a command
    or a background job acts.
    """

    key_id: str | None = None
    client: str | None = None
    request_id: str | None = None


ACTOR: Final[ContextVar[Actor]] = ContextVar("actor", default=Actor())  # noqa: B039 - it is frozen
"""Set by ``app.auth.guard``, in the task of the request, whose threads inherit it."""
