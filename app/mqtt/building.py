"""Builds the publisher, where the settings name a broker."""

from collections.abc import Callable
from typing import Final

from app.core.clock import Clock
from app.core.db import Database
from app.egress.allowance import Allowance, Refused
from app.egress.broker import BrokerAddress
from app.egress.dialling import Deadline, Egress
from app.egress.mqtt import Broker
from app.egress.mqtt_link import Link, Message
from app.egress.trust import Trust
from app.errors import StartError
from app.jobs.lease import Lease
from app.mqtt.ledger import Ledger
from app.mqtt.names import Names
from app.mqtt.publisher import Observer, Publisher
from app.settings import Settings
from app.trail.recording import on_events

_CONNECT_SECONDS: Final = 10.0
_LEASE_SECONDS: Final = 4.0
"""A process that dies keeps the others from publishing for this time. A process that is only slow
loses its turn after it, and still nothing is sent twice: the broker has one connection of this
name, and of two ledgers one goes on.
"""
_POLL_SECONDS: Final = 0.25
"""An event of another replica waits this long at most."""
_POLL_SECONDS_ALONE: Final = 1.0
"""Seconds between looks for events of commands: on SQLite there is no other replica."""


def build_publisher(
    database: Database, clock: Clock, settings: Settings, observer: Callable[[], Observer]
) -> Publisher | None:
    """The publisher to the broker that the settings name, if they do. ``StartError`` where its
    address may not be spoken to, or the certificates in its file cannot be read.
    """
    if settings.mqtt_url is None:
        return None
    egress = Egress(Allowance.parse(settings.egress_allow))
    address = BrokerAddress.parse(settings.mqtt_url)
    try:
        egress.check_host(address.host)
    except Refused as error:
        raise StartError(f"KITH_MQTT_URL: {error}.") from None
    broker = Broker(
        address.host,
        address.port,
        _trust(settings) if address.is_secure else None,
        address.user,
        settings.mqtt_password.get_secret_value() if settings.mqtt_password else None,
    )
    names = Names.by(settings.mqtt_prefix, settings.mqtt_discovery)

    def connect(will: Message) -> Link:
        deadline = Deadline.after(_CONNECT_SECONDS)
        return Link(egress, broker, deadline, client_id=names.client_id, will=will)

    publisher = Publisher(
        connect,
        Ledger(database),
        Lease(database, "mqtt", seconds=_LEASE_SECONDS),
        names,
        clock,
        observer(),
        poll_seconds=_POLL_SECONDS_ALONE if database.is_sqlite else _POLL_SECONDS,
    )
    on_events(database.sessions, publisher.wake)
    return publisher


def _trust(settings: Settings) -> Trust:
    file = settings.mqtt_ca
    if file is None:
        return Trust()
    try:
        trust = Trust(file.read_text("ascii"))
        trust.context()
    except OSError as error:
        raise StartError(
            f"KITH_MQTT_CA: the file {str(file)!r} cannot be read: {error.strerror}."
        ) from None
    except ValueError:
        raise StartError(
            f"KITH_MQTT_CA: the file {str(file)!r} must hold one or more certificates in PEM."
        ) from None
    return trust
