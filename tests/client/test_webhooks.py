"""A webhook of Kith is verified, and becomes an event."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from kith_client.models import LockdownEvent
from kith_client.webhooks import NotFromKith, Receiver

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps(
    {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "/kith/collections/hq/doors/front",
        "type": "door.lockdown",
        "subject": "front",
        "time": "2026-11-26T14:03:00.512345Z",
        "timestamp": "2026-11-26T14:03:00.512345Z",
        "sequence": "000000000007",
        "datacontenttype": "application/json",
        "data": {"collection_id": "hq", "door_id": "front", "locked_down": True},
    }
).encode()


def signed(*secrets: str, body: bytes = BODY) -> dict[str, str]:
    now = datetime.now(UTC)
    signatures = [Webhook(each).sign("evt-1", now, body.decode()) for each in secrets]
    return {
        "Webhook-Id": "evt-1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": " ".join(signatures),
    }


def test_it_becomes_an_event() -> None:
    event = Receiver(OLD).event(BODY, signed(OLD))
    assert isinstance(event, LockdownEvent)
    assert event.data.locked_down


@pytest.mark.parametrize("known", [(OLD,), (NEW,), (OLD, NEW)])
@pytest.mark.parametrize("signing", [(OLD, NEW), (NEW, OLD)])
def test_while_a_secret_is_changed_either_will_do(
    known: tuple[str, ...], signing: tuple[str, ...]
) -> None:
    assert Receiver(*known).event(BODY, signed(*signing)).id == "evt-1"


@pytest.mark.parametrize(
    "headers",
    [
        signed(NEW),
        signed(OLD, body=BODY + b" "),
        {**signed(OLD), "Webhook-Timestamp": "1700000000"},
        {**signed(OLD), "Webhook-Signature": "v1"},
        {**signed(OLD), "Webhook-Signature": "v1,%%%"},
        {},
    ],
    ids=["secret", "body", "time", "form", "base64", "none"],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotFromKith):
        Receiver(OLD).event(BODY, headers)


def test_a_receiver_has_a_secret() -> None:
    with pytest.raises(ValueError, match="has a secret"):
        Receiver()
