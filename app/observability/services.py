"""The services that the routes of health and metrics use."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends

from app.core.observers import Observers
from app.observability.health import Readiness
from app.observability.metrics import Metrics
from app.observability.replicas import ReplicaSource
from app.web.services import provided


@dataclass(frozen=True, kw_only=True)
class OperationsServices:
    """The services behind metrics and health; ``replicas`` are those of this process."""

    readiness: Readiness
    metrics: Metrics
    observers: Observers[Any]
    replicas: ReplicaSource


Provided = Annotated[OperationsServices, Depends(provided)]
