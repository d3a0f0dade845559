"""The pages of webhooks: make, change, rotate and test endpoints, and send dead letters again."""

from typing import Final

from starlette.responses import Response

from app.auth.principal import INSIDE
from app.console.guard import MayAdminister
from app.console.refusals import PageRoute
from app.console.sent import Sent, checked, values_of
from app.console.services import WHOLE, Provided
from app.core.preconditions import IfMatch
from app.receipts.keeping import keep_nothing
from app.trail.events import KEPT_TYPES
from app.web.paging import Paged
from app.web.rooms import pages
from app.webhooks.routes import WebhookPath
from app.webhooks.schemas import NewWebhook, ReplayFields, WebhookPatch

router = pages("/console/webhooks", PageRoute)
_FIELDS: Final = ("name", "url", "types", "collection_id")


@router.get("")
def show_webhooks(visit: MayAdminister, services: Provided, paging: Paged) -> Response:
    """The endpoints that the key reaches, and the form for another."""
    caller = visit.caller or INSIDE
    return visit.page(
        "webhooks.html",
        found=services.webhooks.endpoints.list(paging, caller),
        collections=services.collections.list(WHOLE, only=caller.collections).items,
        types=KEPT_TYPES,
    )


@router.post("")
def make_webhook(visit: MayAdminister, services: Provided) -> Response:
    """Make an endpoint; it gets the events from then on."""
    values = values_of(NewWebhook, visit.sent.filled(*_FIELDS)) | {"secrets": _secrets(visit.sent)}
    new, caller = checked(NewWebhook, values), visit.caller or INSIDE
    made = services.webhooks.endpoints.create(new, caller, keep_nothing)
    return visit.go(f"/webhooks/{made.id}")


@router.get("/{webhook_id}")
def show_webhook(
    webhook_id: WebhookPath, visit: MayAdminister, services: Provided, paging: Paged
) -> Response:
    """One endpoint with its dead letters."""
    caller, endpoints = visit.caller or INSIDE, services.webhooks.endpoints
    return visit.page(
        "webhook.html",
        hook=endpoints.get(webhook_id, caller),
        letters=endpoints.letters(webhook_id, paging, caller),
    )


@router.post("/{webhook_id}")
def change_webhook(webhook_id: WebhookPath, visit: MayAdminister, services: Provided) -> Response:
    """Change what the form has: on or off, or the secrets that sign."""
    sent = visit.sent
    values: dict[str, object] = {}
    if sent.text("enabled"):
        values["enabled"] = sent.text("enabled") == "true"
    if "secrets" in sent.texts:
        values["secrets"] = _secrets(sent)
    patch = checked(WebhookPatch, values)
    known = IfMatch(frozenset({f'"{sent.text("revision")}"'}))
    services.webhooks.endpoints.update(webhook_id, patch, known, visit.caller or INSIDE)
    return visit.go(f"/webhooks/{webhook_id}")


@router.post("/{webhook_id}/test")
def try_webhook(webhook_id: WebhookPath, visit: MayAdminister, services: Provided) -> Response:
    """Send a ping now, and say what the endpoint answered."""
    _, attempt, at = services.webhooks.endpoints.test(webhook_id, visit.caller or INSIDE)
    return visit.page("webhook_tested.html", id=webhook_id, attempt=attempt, at=at)


@router.post("/{webhook_id}/replay")
def replay(webhook_id: WebhookPath, visit: MayAdminister, services: Provided) -> Response:
    """Send one dead letter, or all of them, again."""
    values = values_of(ReplayFields, visit.sent.filled("event_id", "all"))
    what = checked(ReplayFields, values)
    services.webhooks.endpoints.replay(webhook_id, what, visit.caller or INSIDE)
    return visit.go(f"/webhooks/{webhook_id}")


@router.post("/{webhook_id}/delete")
def delete_webhook(webhook_id: WebhookPath, visit: MayAdminister, services: Provided) -> Response:
    """Delete the endpoint with its dead letters."""
    services.webhooks.endpoints.delete(webhook_id, IfMatch(None), visit.caller or INSIDE)
    return visit.go("/webhooks")


def _secrets(sent: Sent) -> list[str]:
    """The names in a text, separated by blanks or commas."""
    return sent.text("secrets").replace(",", " ").split()
