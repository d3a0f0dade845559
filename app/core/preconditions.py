"""``If-Match``: a change that is meant for one revision of a thing, and for no later one.

Two people who change the same rule do not undo each other's work unseen: the second is refused.
"""

from dataclasses import dataclass

from app.errors import PreconditionFailed


def entity_tag(revision: int) -> str:
    """The ETag of a thing at a revision."""
    return f'"{revision}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The entity tags that a client knows; None: ``*``, whatever there is."""

    tags: frozenset[str] | None

    def check(self, revision: int, what: str) -> None:
        """``PreconditionFailed`` unless the thing is at a revision that the client knows."""
        if self.tags is not None and entity_tag(revision) not in self.tags:
            raise PreconditionFailed(
                f"{what} is at {entity_tag(revision)} by now, and If-Match names another; read it "
                "again, and decide whether the change is still meant."
            )


ANY = IfMatch(None)
"""For callers within this process."""
