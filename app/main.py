"""The FastAPI application: every room's router, the shared edges, and the lifespan."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any, Final

import anyio.to_thread
from fastapi import Depends, FastAPI

from app.access.routes import router as doors
from app.access.sync_routes import router as sync
from app.actions.routes import router as actions
from app.audit.routes import events
from app.audit.routes import router as audit
from app.auth.guard import allow
from app.auth.principal import Scope
from app.auth.routes import router as keys
from app.bootstrap import Container, build
from app.channels import routes as channels
from app.compreface.face_routes import SLASHES_ALLOWED as OF_SUBJECTS
from app.compreface.face_routes import router as compreface_faces
from app.compreface.failures import PlainErrors
from app.compreface.routes import router as compreface
from app.console.routes import ROUTERS as CONSOLE
from app.core.addresses import TrustedProxies
from app.core.logging import configure_logging
from app.core.terminal import complain
from app.doors.log_routes import router as door_log
from app.doors.routes import router as decisions
from app.errors import AppError
from app.gallery.collection_routes import router as collections
from app.gallery.dismissal_routes import router as dismissals
from app.gallery.person_routes import SLASHES_ALLOWED as OF_EXTERNAL_IDS
from app.gallery.person_routes import router as persons
from app.mqtt.names import Names
from app.observability.routes import router as monitoring
from app.recognition.routes import router as recognition
from app.server.attendance import AttendanceWatch
from app.server.bodies import Bodies
from app.settings import Settings, load_settings
from app.web import docs, handlers, problems
from app.web.hygiene import OneHost, SafeAnswers
from app.web.middleware import BodyLimit, LastNet, Observe, PlainPath, RequestContext
from app.web.origins import CrossOrigin
from app.web.requests import BelowPrefix, HeadAsGet
from app.web.rooms import include
from app.webhooks.routes import router as webhooks

_ROUTERS: Final = (
    collections,
    persons,
    dismissals,
    recognition,
    doors,
    sync,
    decisions,
    door_log,
    actions,
    keys,
    audit,
    events,
    webhooks,
    monitoring,
)
_VERSION: Final = version("kith")
_UVICORN_STARTUP_FAILURE: Final = 3
"""With any other code uvicorn starts another worker in place of one that ended, for ever."""
_SPARE_THREADS: Final = 40  # for requests that need no inference, while others wait for it


def create_app(settings: Settings | None = None, container: Container | None = None) -> FastAPI:
    """The service as an ASGI application, with its container opened; it is closed as it ends.

    An ASGI server calls this without arguments. Where Kith cannot start, the process then ends with
    one line that says why.
    """
    with _exit_in_one_line() if container is None else nullcontext():
        settings = settings or load_settings()
        configure_logging(settings.log_level, settings.log_format)
        built = container or build(settings)
        built.open()
        built.publish()
        built.services.models.tell()
        built.services.collections.tell()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = settings.threads + settings.queue + _SPARE_THREADS
        yield
        built.close()

    app = FastAPI(
        title="Kith",
        summary="Open-set identification: people it knows by name, everyone else as unknown.",
        description="HEAD is answered wherever GET is: the same status and headers, and no body.",
        version=_VERSION,
        lifespan=lifespan,
        openapi_url=None,  # app.web.docs has them
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the address would be made of the client's own Host
    )
    app.state.services = built.services
    handlers.install(app)
    for router in (*_ROUTERS, *(CONSOLE if settings.console else ())):
        include(app, router)
    if settings.compreface:
        include(app, compreface)
        include(app, compreface_faces)
    _document(app, settings)
    _surround(app, settings, built.services.metrics.observe_request)
    _describe(app)
    return app


def _surround(app: FastAPI, settings: Settings, observe: Observe) -> None:
    """Add the middleware, the innermost first."""
    app.add_middleware(
        Bodies, max_bytes=settings.max_bodies_bytes, seconds=settings.request_seconds
    )
    app.add_middleware(BodyLimit, max_bytes=settings.max_request_bytes)
    app.add_middleware(PlainPath, slashes_allowed=(OF_EXTERNAL_IDS, OF_SUBJECTS))
    app.add_middleware(OneHost)
    if settings.root_path:
        app.add_middleware(BelowPrefix, prefix=settings.root_path)
    app.add_middleware(LastNet)
    if settings.compreface:
        app.add_middleware(PlainErrors, prefix=settings.root_path)
    if settings.cors_origins:
        app.add_middleware(CrossOrigin, origins=settings.cors_origins)
    app.add_middleware(SafeAnswers)
    app.add_middleware(HeadAsGet)
    app.add_middleware(AttendanceWatch)
    app.add_middleware(
        RequestContext,
        observe=observe,
        trusted_proxies=TrustedProxies.parse(settings.trusted_proxies),
    )


@contextmanager
def _exit_in_one_line() -> Iterator[None]:
    try:
        yield
    except (AppError, OSError) as error:
        complain(error)
        sys.exit(_UVICORN_STARTUP_FAILURE)


def _document(app: FastAPI, settings: Settings) -> None:
    guards = [] if settings.public_docs else [Depends(allow(*set(Scope) - {Scope.DOOR}))]
    docs.install(app, guards)
    channels.install(app, guards, Names.by(settings.mqtt_prefix, settings.mqtt_discovery))


def _describe(app: FastAPI) -> None:
    """Complete the OpenAPI document: errors are problems, everywhere."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        problems.complete(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
