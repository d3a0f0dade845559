"""The services that the routes of health and metrics use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.observability.health import Readiness
from app.observability.metrics import Metrics
from app.web.services import provided


@dataclass(frozen=True, kw_only=True)
class OperationsServices:
    """What an operator looks at."""

    readiness: Readiness
    metrics: Metrics


Provided = Annotated[OperationsServices, Depends(provided)]
