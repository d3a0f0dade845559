"""Counts the events that were purged before an endpoint had them: none is lost in silence."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from app.trail.event_repository import Purged
from app.webhooks import lane_repository, repository
from app.webhooks.wanted import Wanted

_log = structlog.get_logger()


class Report(Protocol):
    """Counts lost events."""

    def observe_losses(self, webhook: str, count: int) -> None:
        """``count`` events were purged that this endpoint did not have."""


class Losses:
    """Receives purged events, in the transaction that purges them. Thread-safe."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def follow(self, session: Session, purged: Sequence[Purged]) -> None:
        """Count and log the purged events that an endpoint waits for; an endpoint that is off waits
        too.
        """
        lanes = {
            (webhook.key, lane.source): lane.sent_to
            for webhook, lane in lane_repository.waiting(session)
        }
        for webhook, wanted in Wanted.of_each(repository.everyone(session)):
            lost = Counter(
                each.source
                for each in purged
                if each.position > lanes.get((webhook.key, each.source), webhook.read_to)
                and wanted.takes(each.collection_key, each.type, each.source)
            )
            for source, count in lost.items():
                _log.warning("webhook.lost", webhook=webhook.id, source=source, events=count)
                self._report.observe_losses(webhook.id, count)
