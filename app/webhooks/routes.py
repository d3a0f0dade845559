"""``/v1/webhooks``: endpoints that get events, for administrators."""

import json
from typing import Annotated

from fastapi import Depends, Path, Response

from app.auth.guard import MayAdminister
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.web.idempotency import IdempotencyKey, answer_once, ticket_for
from app.web.paging import Paged
from app.web.preconditions import Known, tagged
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, Submission, described, submission
from app.webhooks.schemas import (
    DeadLetterView,
    NewWebhook,
    PingView,
    ReplayFields,
    ReplayView,
    WebhookPatch,
    WebhookView,
)
from app.webhooks.services import Provided

router = room("webhooks", "/v1/webhooks")

WebhookPath = Annotated[
    str, Path(alias="webhook_id", pattern=ID_PATTERN, description="Id of the webhook.")
]


@router.post(
    "",
    status_code=201,
    response_model=WebhookView,
    responses=documented(404, 409, 415),
    openapi_extra=described(NewWebhook, NO_IMAGES),
)
def create_webhook(
    caller: MayAdminister,
    body: Annotated[Submission[NewWebhook], Depends(submission(NewWebhook, NO_IMAGES))],
    services: Provided,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Response | WebhookView:
    """Make an endpoint; it gets the events from then on. A bound key names one of its collections.

    Secrets are named, and their values are in no request: docs/webhooks.md.
    """
    ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
    made = answer_once(
        services.receipts,
        ticket,
        lambda keep: services.webhooks.endpoints.create(body.fields, caller, keep),
    )
    if isinstance(made, Response):  # repeated: as it is by now
        tagged(made, json.loads(bytes(made.body))["revision"])  # it may be of an earlier release
    else:
        tagged(response, made.revision)
    return made


@router.get("", responses=documented())
def list_webhooks(caller: MayAdminister, services: Provided, paging: Paged) -> Page[WebhookView]:
    """The endpoints, oldest first. A bound key sees those of its collections alone."""
    return services.webhooks.endpoints.list(paging, caller)


@router.get("/{webhook_id}", responses=documented(404))
def get_webhook(
    webhook_id: WebhookPath, caller: MayAdminister, services: Provided, response: Response
) -> WebhookView:
    """One endpoint; its `ETag` is for `If-Match`."""
    found = services.webhooks.endpoints.get(webhook_id, caller)
    tagged(response, found.revision)
    return found


@router.patch(
    "/{webhook_id}",
    responses=documented(404, 412, 415, 428),
    openapi_extra=described(WebhookPatch, NO_IMAGES),
)
def update_webhook(
    webhook_id: WebhookPath,
    caller: MayAdminister,
    services: Provided,
    response: Response,
    known: Known,
    body: Annotated[Submission[WebhookPatch], Depends(submission(WebhookPatch, NO_IMAGES))],
) -> WebhookView:
    """Change what the body names. What waits for a further attempt is tried at once."""
    changed = services.webhooks.endpoints.update(webhook_id, body.fields, known, caller)
    tagged(response, changed.revision)
    return changed


@router.delete("/{webhook_id}", status_code=204, responses=documented(404, 412, 428))
def delete_webhook(
    webhook_id: WebhookPath, caller: MayAdminister, services: Provided, known: Known
) -> None:
    """Delete an endpoint with its dead letters; nothing more is sent to it."""
    services.webhooks.endpoints.delete(webhook_id, known, caller)


@router.post("/{webhook_id}/test", responses=documented(404))
def try_webhook(webhook_id: WebhookPath, caller: MayAdminister, services: Provided) -> PingView:
    """Send a `webhook.ping` event now, also to an endpoint that is off."""
    event_id, attempt, at = services.webhooks.endpoints.test(webhook_id, caller)
    return PingView(
        event_id=event_id,
        outcome=attempt.outcome,
        status=attempt.status,
        ms=round(attempt.seconds * 1000),
        error=attempt.error,
        at=at,
    )


@router.get("/{webhook_id}/dead-letters", responses=documented(404))
def list_dead_letters(
    webhook_id: WebhookPath, caller: MayAdminister, services: Provided, paging: Paged
) -> Page[DeadLetterView]:
    """The events that the endpoint did not take in all attempts, oldest first."""
    return services.webhooks.endpoints.letters(webhook_id, paging, caller)


@router.post(
    "/{webhook_id}/replay",
    responses=documented(404, 415),
    openapi_extra=described(ReplayFields, NO_IMAGES),
)
def replay_webhook(
    webhook_id: WebhookPath,
    caller: MayAdminister,
    body: Annotated[Submission[ReplayFields], Depends(submission(ReplayFields, NO_IMAGES))],
    services: Provided,
) -> ReplayView:
    """Send again: one dead letter, all of them, or every event `from` one on."""
    return ReplayView(events=services.webhooks.endpoints.replay(webhook_id, body.fields, caller))
