"""Audit. Written by ``make client`` from the service's OpenAPI document."""

from datetime import datetime

from kith_client.calls import Call, call
from kith_client.methods import listing
from kith_client.model import Page
from kith_client.models import AuditRowView


class AuditRoutes:
    """A method for each route of ``audit``."""

    @listing
    def list_audit(
        self,
        *,
        collection: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[AuditRowView]]:
        """The rows of the audit, oldest first. A bound key sees those of its collections alone.

        collection: Only what belongs to this collection.
        from_: Only what happened then or later.
        to: Only what happened before.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[AuditRowView],
            "GET",
            "/v1/audit",
            query={
                "collection": collection,
                "from": from_,
                "to": to,
                "limit": limit,
                "cursor": cursor,
            },
        )
