"""Monitoring. Written by ``make client`` from the service's OpenAPI document."""

from kith_client.calls import Call, call
from kith_client.methods import method
from kith_client.models import Health, ReadyView


class MonitoringRoutes:
    """A method for each route of ``monitoring``."""

    @method
    def live(self) -> Call[Health]:
        """Whether the process answers at all; also where every thread has work."""
        return call(Health, "GET", "/v1/health/live")

    @method
    def ready(self) -> Call[ReadyView]:
        """Whether requests can be served: the database answers, or decisions may be stale for a
        while; the models are loaded.
        """
        return call(ReadyView, "GET", "/v1/health/ready")

    @method
    def metrics(self) -> Call[str]:
        """Prometheus metrics of this process."""
        return call(str, "GET", "/metrics")
