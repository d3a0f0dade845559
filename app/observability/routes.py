"""``/v1/health`` (public) and ``/metrics``."""

from typing import Annotated, Literal

from fastapi import Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from app.auth.guard import allow
from app.auth.principal import Principal, Scope
from app.observability.health import Ready
from app.observability.services import Provided
from app.web.parameters import check_parameters
from app.web.problems import MEDIA_TYPE, documented
from app.web.rooms import room

router = room("monitoring")

MayObserve = Annotated[Principal, Depends(allow(Scope.READ, everywhere=True))]
"""For unbound keys only: the metrics cover every collection."""

_NOT_READY = {
    "description": "Not ready",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Health(BaseModel):
    """The service's word on itself."""

    status: Literal["ok"] = Field(description="Always `ok`: an answer is the news.")


class ReadyView(BaseModel):
    """Whether it can serve. ``stale``: the database does not answer; identify and verify go on by
    what was last known, everything else answers 503.
    """

    status: Ready = Field(
        description="`stale` while the database does not answer and decisions go on without it."
    )


@router.get("/v1/health/live", dependencies=[Depends(check_parameters)])
async def live() -> Health:
    """Whether the process answers at all; also where every thread has work."""
    return Health(status="ok")


@router.get(
    "/v1/health/ready", responses={503: _NOT_READY}, dependencies=[Depends(check_parameters)]
)
def ready(services: Provided) -> ReadyView:
    """Whether requests can be served: the database answers, or decisions may be stale for a while;
    the models are loaded.
    """
    return ReadyView(status=services.readiness.check())


@router.get(
    "/metrics",
    response_class=Response,
    responses={**documented(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(_caller: MayObserve, services: Provided) -> Response:
    """Prometheus metrics of this process."""
    services.observers.settle()  # with all decisions that were answered before
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
