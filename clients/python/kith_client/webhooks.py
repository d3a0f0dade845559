"""Events that Kith sends to a server of yours; needs the extra ``webhooks``."""

import json
from collections.abc import Mapping

from standardwebhooks import Webhook, WebhookVerificationError

from kith_client.errors import KithError
from kith_client.model import decoded
from kith_client.models import Event


class NotFromKith(KithError):
    """The signature or the time is wrong: answer 401, and do not read the body."""


class Receiver:
    """Verifies what arrives at a webhook, by one secret or, while it is changed, by several."""

    def __init__(self, *secrets: str) -> None:
        """``secrets``: each like ``whsec_...``; the order does not matter."""
        if not secrets:
            raise ValueError("A receiver has a secret.")
        self._webhooks = [Webhook(each) for each in secrets]

    def event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """The event in a body that Kith sent; ``NotFromKith`` for any other.

        An event may come twice: drop one whose ``id`` you have. The time of the attempt is checked,
        which may be five minutes off; that of the event is not.
        """
        given = {name.lower(): value for name, value in headers.items()}
        for webhook in self._webhooks:
            try:
                webhook.verify(body, given, json_parse=False)
            except (WebhookVerificationError, ValueError):  # a signature that is none at all
                continue
            event: Event = decoded(Event, json.loads(body))
            return event
        raise NotFromKith("No secret of this receiver signed the body, or it is too old.")
