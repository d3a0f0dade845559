"""A message to a broker that moves something, and no longer than it may."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.egress.allowance import Allowance
from app.egress.dialling import Deadline, Egress
from app.egress.mqtt import Broker, Message, publish
from tests.support.brokers import Mosquitto, listening
from tests.support.proxy import wired
from tests.support.waiting import wait_for

GRANT, HELD = 5.0, 2.0
"""Seconds that the message holds, and that the broker says nothing."""


def test_a_broker_that_is_slow_to_greet_does_not_hold_a_message_for_longer(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.up()
    with (
        listening(broker.url, "lock") as heard,
        wired(broker.url) as wire,
        ThreadPoolExecutor(1) as pool,
    ):
        wire.hold()
        grant = Deadline.after(GRANT)
        to = Broker("127.0.0.1", int(wire.url.rpartition(":")[2]), None)
        egress = Egress(Allowance.parse("127.0.0.1"))
        message = Message("lock", b"open", "text/plain", grant)
        sent = pool.submit(publish, egress, to, message, grant)
        time.sleep(HELD)
        wire.mend()
        sent.result(60)
        wait_for(lambda: bool(heard.on("lock")))
        said: Any = heard.on("lock")[0].properties
        assert said.MessageExpiryInterval <= GRANT - HELD
    broker.down()
