"""Gives each route its room's services.

Each room declares them in a frozen dataclass, and ``bootstrap`` builds one object that is all of
those classes. So mypy sees a service that is missing, or that a route misspells.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from app.receipts.service import Receipts


@dataclass(frozen=True, kw_only=True)
class WebServices:
    """Services that the routes of several rooms use; base of each room's own."""

    receipts: Receipts


async def provided(request: Request) -> Any:  # noqa: ANN401 - each room names its own class
    """The services of this application; a FastAPI dependency."""
    return request.app.state.services
