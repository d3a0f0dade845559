"""Doors decide, locks open, and all of it is sent on and recorded, while everything breaks."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from standardwebhooks import Webhook

from tests.api.support import made, ok
from tests.chaos.conftest import BOTH_IF_LONG, Length
from tests.chaos.site import MOODS, TTL, Visitors, make_site
from tests.support.brokers import Listener, Mosquitto, listening
from tests.support.commands import Command
from tests.support.locks import Lock
from tests.support.receivers import IMPATIENT, SECRET, Receiver
from tests.support.server import ServerProcess
from tests.support.streams import Follower
from tests.support.waiting import wait_for

OTHER_SECRET: Final = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
WAIT: Final = 120.0
"""Seconds for what is sent after the last fault."""
STAGES: Final = 3
"""Parts of a turn: the kill, a receiver and a lock that are down, and the time after that."""
_Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many turns there are, and in each part of a turn, at each of two doors, how many come and
    how many of them may pass. A person passes each door once.
    """

    turns: int
    come: int
    pass_: int
    down: float

    @property
    def people(self) -> int:
        return self.turns * STAGES * self.pass_


SHORT: Final = Sizes(turns=1, come=7, pass_=2, down=TTL + 1)
LONG: Final = Sizes(turns=3, come=56, pass_=3, down=60)


@dataclass(frozen=True, slots=True)
class Around:
    """All that the service talks to. The receiver takes nothing that is not signed."""

    broker: Mosquitto
    receiver: Receiver
    lock: Lock


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Around]:
    with ExitStack() as stack:
        around = Around(Mosquitto(tmp_path), Receiver(signed_by=SECRET), Lock())
        for each in (around.broker, around.receiver, around.lock):
            each.up()
            stack.callback(each.down)
        yield around


@BOTH_IF_LONG
def test_everything_arrives_in_order_and_each_lock_opens_once(
    server: Callable[..., ServerProcess],
    database_url: str,
    around: Around,
    length: Length,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    sizes = LONG if length.long else SHORT
    running = server(
        program=IMPATIENT,
        KITH_DATABASE_URL=database_url,
        KITH_EGRESS_ALLOW="127.0.0.0/8",
        KITH_SECRET_HOOK=SECRET,
        KITH_MQTT_URL=around.broker.url,
        KITH_MQTT_DISCOVERY="off",
    )
    doors = Visitors(running, "front"), Visitors(running, "back", claims=True)
    with listening(around.broker.url, "kith/#") as heard:
        heard.until("/status", b"online")
        follower = Follower(running.client)
        follower.start()
        assert follower.is_open.wait(60)
        with running.client() as admin:
            new = {"url": around.receiver.url(), "secrets": ["KITH_SECRET_HOOK"]}
            made(admin.post("/webhooks", json=new))
            make_site(admin, around.lock, sizes.people, back="verify")
        for turn in range(sizes.turns):
            break_everything(running, around, doors, sizes, turn)
        assert running.stop() == 0  # so that what became of every action is written
        running.start()
        with running.client() as client:
            kept = everything(client)
        assert_sent(kept, around.receiver, heard, follower)
        follower.end()
        assert running.stop() == 0
    follower.join(60)
    assert len(follower.breaks) > sizes.turns
    for each in doors:
        assert len(each.answers) == STAGES * sizes.turns * sizes.come
        assert_kept(each, decisions(kept, each.door))
    assert_opened(around.lock, doors, kept, sizes)
    kind = database_url.partition(":")[0]
    for name, number in numbers(around.lock, doors, kept, sizes).items():
        record_testsuite_property(f"{name}, {kind}", number)  # `--junitxml` has them
    command = Command(monkeypatch, capsys)
    verified = command("audit", "verify", KITH_DATABASE_URL=database_url)
    assert verified.status == 0
    assert verified.out.endswith("faults 0.\n")


def break_everything(
    running: ServerProcess, around: Around, doors: Sequence[Visitors], sizes: Sizes, turn: int
) -> None:
    """The server is killed at the moment when the lock opens. The receiver fails half of the time;
    it and the lock are down while others come, and until their grants are over.
    """
    receiver, lock = around.receiver, around.lock
    first = turn * STAGES * sizes.pass_

    def come(stage: int) -> list[threading.Thread]:
        begin = first + stage * sizes.pass_
        passing = range(begin, begin + sizes.pass_)
        return [each.come(sizes.come, passing) for each in doors]

    receiver.fails = 0.5
    wait_for(lambda: bool(receiver.taken), WAIT)
    forge(receiver)
    opened, lock.mood = len(lock.opened), "slow"
    coming = come(0)
    wait_for(lambda: len(lock.opened) > opened, WAIT)
    running.kill()
    receiver.down()
    running.start()
    finish(coming, lock)
    lock.down()
    finish(come(1), lock)
    time.sleep(sizes.down)
    lock.up()
    receiver.up()
    finish(come(2), lock)
    forge(receiver)
    receiver.fails = 0.0


def finish(coming: Sequence[threading.Thread], lock: Lock) -> None:
    """Wait for all who come, at a lock whose mood changes."""
    moods = cycle(MOODS)
    deadline = time.monotonic() + WAIT
    for each in coming:
        while each.is_alive():
            assert time.monotonic() < deadline
            lock.mood = next(moods)
            each.join(0.1)


def forge(receiver: Receiver) -> None:
    """Another event under a true signature, under one of another secret, and under none."""
    true = receiver.taken[-1]
    body = json.dumps(true.event | {"id": "evt_forged"})
    at = datetime.now(UTC)
    headers = {name: text for name, text in true.headers.items() if name.startswith("webhook-")}
    other = headers | {
        "webhook-id": "evt_forged",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(OTHER_SECRET).sign("evt_forged", at, body),
    }
    answers = [httpx.post(receiver.url(), content=body, headers=h) for h in (headers, other, {})]
    assert [each.status_code for each in answers] == [401, 401, 401]


def everything(client: httpx.Client) -> list[_Event]:
    """All events that are kept, in their order."""
    found: list[_Event] = []
    while True:
        after = {"after": found[-1]["id"]} if found else {}
        page = ok(client.get("/events", params={"limit": "1000"} | after))
        found += page["items"]
        if not page["more"]:
            return found


def assert_sent(
    kept: Sequence[_Event], receiver: Receiver, heard: Listener, follower: Follower
) -> None:
    """Each channel has every event, and those of one source in their order. One that comes again
    counts where it came first.
    """
    wait_for(lambda: len(follower.events) >= len(kept), WAIT, shows=lambda: lacks(kept, follower))
    wait_for(lambda: len(once(heard.events())) >= len(kept), WAIT)
    wait_for(lambda: len(receiver.events()) >= len(kept), WAIT)
    for lane in lanes(kept).values():
        assert [int(each["sequence"]) for each in lane] == list(range(1, len(lane) + 1))
    assert follower.events == kept
    assert once(heard.events()) == kept
    assert lanes(receiver.events()) == lanes(kept)
    shown = [json.loads(each.payload)["event_id"] for each in heard.on("/event")]
    assert len(set(shown)) == len(shown)  # what automations hear comes once at most


def lacks(kept: Sequence[_Event], follower: Follower) -> str:
    """Which events a client of the stream has not, and how it fared."""
    has = {each["id"] for each in follower.events}
    missing = {at: each["type"] for at, each in enumerate(kept) if each["id"] not in has}
    lives = "reads on" if follower.is_alive() else "died"
    return f"of {len(kept)} events it lacks {missing}; it {lives}; breaks: {follower.breaks[-20:]}"


def once(events: Sequence[_Event]) -> list[_Event]:
    return list({each["id"]: each for each in events}.values())


def lanes(events: Sequence[_Event]) -> dict[str, list[_Event]]:
    """The events by their source."""
    found: dict[str, list[_Event]] = defaultdict(list)
    for each in events:
        found[each["source"]].append(each)
    return found


def decisions(kept: Sequence[_Event], door: str) -> list[_Event]:
    return [each for each in kept if (each["type"], each["subject"]) == ("door.decision", door)]


def assert_kept(visitors: Visitors, events: Sequence[_Event]) -> None:
    """The events of a door are the answers that its clients got, in their order; more are there
    only where an answer was lost on its way.
    """
    answers = [each for each in visitors.answers if each["event_id"] is not None]
    new = [each["event_id"] for each in answers if not each["suppressed"]]
    by_id = {each["id"]: each["data"] for each in events}
    assert [each for each in by_id if each in set(new)] == new
    assert len(by_id) - len(new) <= visitors.lost
    for each in answers:
        assert facts(each) == facts(by_id[each["event_id"]])
    rows = [each["data"]["audit_seq"] for each in events]
    assert rows == sorted(set(rows))


def facts(decision: dict[str, Any]) -> tuple[object, ...]:
    """The parts that an answer and its event share."""
    person = decision["person"] and decision["person"]["id"]
    return decision["decision"], decision["reason"], decision["valid_until"], person


def numbers(
    lock: Lock, doors: Sequence[Visitors], kept: Sequence[_Event], sizes: Sizes
) -> dict[str, int]:
    """The size of what ran."""
    answers = [answer for each in doors for answer in each.answers]
    return {
        "decisions": len(answers),
        "grants": sum(answer["decision"] == "granted" for answer in answers),
        "events": len(kept),
        "kills": sizes.turns,
        "answers_lost": sum(each.lost for each in doors),
        "unlocks": len(lock.opened),
        "late": len(lock.late()),
        "doubled": len(lock.doubled()),
    }


def assert_opened(
    lock: Lock, doors: Sequence[Visitors], kept: Sequence[_Event], sizes: Sizes
) -> None:
    """Each door let everybody pass once who may, and no lock opened late, twice or by itself."""
    for each in doors:
        passed = [answer for answer in each.answers if answer["decision"] == "granted"]
        assert sorted(answer["person"]["id"] for answer in passed) == sorted(
            f"p{person}" for person in range(sizes.people)
        )
    granted = {each["id"] for each in kept if each["data"].get("decision") == "granted"}
    assert lock.late() == []
    assert lock.doubled() == set()
    assert {each.event_id for each in lock.opened} <= granted
    assert len(lock.opened) > sizes.turns
