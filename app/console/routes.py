"""Every page of the console, as one list of routers."""

from typing import Final

from starlette.responses import Response

from app.console.door_routes import router as doors
from app.console.evaluation_routes import router as evaluation
from app.console.guard import SignedIn
from app.console.import_routes import router as imports
from app.console.keeping_routes import router as keeping
from app.console.key_routes import router as keys
from app.console.more_routes import router as more
from app.console.pair_routes import router as pair
from app.console.people_routes import router as people
from app.console.person_routes import router as person
from app.console.refusals import PageRoute
from app.console.session_routes import router as sessions
from app.console.start_routes import router as start
from app.console.threshold_routes import router as threshold
from app.console.try_routes import router as tried
from app.console.webhook_routes import router as webhooks
from app.errors import NotFound
from app.web.rooms import pages

_nowhere = pages("/console", PageRoute)


@_nowhere.get("/{path:path}")
def show_nothing(path: str, _visit: SignedIn) -> Response:
    """The page for an address that has none."""
    raise NotFound(f"There is no page {path[:80]!r} in the console.")


ROUTERS: Final = (
    sessions,
    start,
    people,
    imports,
    person,
    tried,
    threshold,
    evaluation,
    doors,
    keys,
    webhooks,
    keeping,
    more,
    pair,
    _nowhere,
)
