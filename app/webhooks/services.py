"""The services that the routes of webhooks use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.web.services import WebServices, provided
from app.webhooks.losses import Losses
from app.webhooks.sender import WebhookSender
from app.webhooks.service import WebhookService


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The parts of webhooks; ``sender`` starts and stops with the process."""

    endpoints: WebhookService
    sender: WebhookSender
    losses: Losses


@dataclass(frozen=True, kw_only=True)
class WebhookServices(WebServices):
    """The services for webhooks."""

    webhooks: Webhooks


Provided = Annotated[WebhookServices, Depends(provided)]
