"""Chooses the events that an endpoint wants."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from app.core.unreadable import shown
from app.trail.events import source_in
from app.webhooks.models import Webhook


@dataclass(frozen=True, slots=True)
class Wanted:
    """The events of a collection, of these types, from these sources; None: of all. Without a
    collection also events that belong to none, such as those of keys.
    """

    collection_key: int | None
    types: Sequence[str] | None
    sources: Sequence[str] | None

    @classmethod
    def by(cls, webhook: Webhook) -> Self:
        """The events that this endpoint wants."""
        types, doors = webhook.content["types"], webhook.content["doors"]
        sources = doors and [source_in(webhook.collection_id, "door", each) for each in doors]
        return cls(webhook.collection_key, types, sources)

    @classmethod
    def of_each(cls, webhooks: Iterable[Webhook]) -> Iterator[tuple[Webhook, Self]]:
        """The events that each endpoint wants, without an endpoint whose row cannot be read."""
        return shown(
            webhooks,
            lambda each: (each, cls.by(each)),
            of=Webhook.__tablename__,
            name=lambda each: each.id,
        )

    def takes(self, collection_key: int | None, kind: str, source: str) -> bool:
        """Whether such an event is wanted."""
        return (
            self.collection_key in (None, collection_key)
            and (self.types is None or kind in self.types)
            and (self.sources is None or source in self.sources)
        )
