"""The pages of keys: make one, show its secret once, revoke it."""

from starlette.responses import Response

from app.auth.principal import Scope
from app.auth.schemas import NewKey
from app.console.guard import MayAdministerEverything
from app.console.refusals import PageRoute
from app.console.sent import checked, instant, values_of
from app.console.services import WHOLE, Provided
from app.receipts.keeping import keep_nothing
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console/keys", PageRoute)


@router.get("")
def show_keys(visit: MayAdministerEverything, services: Provided, paging: Paged) -> Response:
    """The keys without their secrets, and the form for another."""
    found = services.keys.list(paging)
    collections = services.collections.list(WHOLE, only=None).items
    return visit.page("keys.html", found=found, scopes=list(Scope), collections=collections)


@router.post("")
def make_key(visit: MayAdministerEverything, services: Provided) -> Response:
    """Make a key; the page shows its secret this once."""
    texts = visit.sent.filled("name", "scopes", "collections", "doors", "rate")
    values = values_of(NewKey, texts) | {"expires_at": instant(visit.sent.text("expires_at"))}
    made = services.keys.create(checked(NewKey, values), keep_nothing)
    return visit.page("key_made.html", made=made)


@router.post("/{key_id}/revoke")
def revoke_key(key_id: str, visit: MayAdministerEverything, services: Provided) -> Response:
    """Revoke a key; its sessions end."""
    services.keys.revoke(key_id)
    return visit.go("/keys")
