"""Monitoring. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from typing import Literal

from kith_client.model import Model


class Health(Model):
    """The service's word on itself.

    status: Always `ok`: an answer is the news.
    """

    status: Literal["ok"]


class ReadyView(Model):
    """Whether it can serve. ``stale``: the database does not answer; identify and verify go on
    by what was last known, everything else answers 503.

    status: `stale` while the database does not answer and decisions go on without it.
    """

    status: Literal["ok", "stale"] | str
