"""``python -m bench.events``: the cost of audit, events, actions, webhooks and MQTT at a door.

One service in this process decides in blocks: as it does, and with nothing recorded and nothing set
off, by turns. The processor time of a block has all that follows from it, until the last event was
delivered. The bundle is the small one of the tests, whose inference costs next to nothing. Every
decision is a new grant, which is what costs most, and comes 20 ms after the answer before it. Both
databases sync every commit.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest.mock import patch

import psycopg

from app.bootstrap import Container, build
from app.core.logging import configure_logging
from app.doors import concluding, service
from app.settings import Settings
from bench.events_ends import Ends, ends
from bench.events_site import Visitors, fill
from tests.support.brokers import Mosquitto
from tests.support.databases import KINDS, new_database
from tests.support.fake_bundle import write_fake_bundle
from tests.support.receivers import SECRET

_WAIT: Final = 60.0
_SYNCED: Final = """DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I RESET synchronous_commit', current_database());
END $$"""


@dataclass(slots=True)
class Taken:
    """Milliseconds of each decision until its answer (``wall``) and of its thread's processor
    (``own``), and of each block the milliseconds of processor a decision, in the whole process.
    """

    wall: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    all: list[float] = field(default_factory=list)

    def add(self, people: Visitors) -> None:
        """A decision."""
        wall, own = people.pass_()
        self.wall.append(1e3 * wall)
        self.own.append(1e3 * own)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=12, help="of each kind")
    parser.add_argument("--decisions", type=int, default=25, help="in a block")
    given = parser.parse_args()
    os.environ["KITH_SECRET_HOOK"] = SECRET
    print(f"{given.blocks} blocks of {given.decisions} grants each way, by turns; p50, in ms\n")
    print("| database | with | measure | without | with | more | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in KINDS:
        for channels in (False, True):
            with _service(kind, channels=channels) as (container, far):
                people = Visitors(container)
                without, recorded = _measured(people, far, given, channels=channels)
                opened = far.opened.value
            name = "audit, events, action" + (", webhook, MQTT" if channels else "")
            _report(f"| {kind} | {name}", without, recorded)
            if opened != given.blocks * given.decisions:
                print(f"(the lock opened {opened} times only: this machine is too busy)")


def _report(name: str, without: Taken, recorded: Taken) -> None:
    for measure, less, more in (
        ("until the answer", without.wall, recorded.wall),
        ("processor until the answer", without.own, recorded.own),
        ("processor of all that follows", without.all, recorded.all),
    ):
        before, after = statistics.median(less), statistics.median(more)
        found = f"{before:.2f} | {after:.2f} | {after - before:.2f} | {after / before:.2f}"
        print(f"{name} | {measure} | {found} |", flush=True)


@contextmanager
def _service(kind: str, *, channels: bool) -> Iterator[tuple[Container, Ends]]:
    """A service with its log, on a database of its own, and the ends of what it sends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(new_database(kind, folder))
        if kind == "postgresql":
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(_SYNCED)
        broker = Mosquitto(folder)
        broker.up()
        stack.callback(broker.down)
        far = stack.enter_context(ends(broker.url))
        log = stack.enter_context((folder / "log").open("w"))
        stack.enter_context(redirect_stderr(log))
        configure_logging("INFO", "json")
        settings = Settings(
            data_dir=folder / "data",
            model=write_fake_bundle(folder / "fake"),
            database_url=url,
            egress_allow="127.0.0.0/8",
            mqtt_url=broker.url if channels else None,
            mqtt_discovery="off",
        )
        container = build(settings)
        container.open()
        stack.callback(container.close)
        fill(container, far, channels=channels)
        yield container, far


@contextmanager
def _unrecorded() -> Iterator[None]:
    """The same decisions, without audit, event and action."""
    with (
        patch.object(concluding, "record_decision", lambda *_: None),
        patch.object(service, "grant_of", lambda *_: None),
    ):
        yield


def _measured(
    people: Visitors, far: Ends, given: argparse.Namespace, *, channels: bool
) -> tuple[Taken, Taken]:
    """Blocks without and with, the order changing from pair to pair."""
    for _ in range(given.decisions):
        with _unrecorded():
            people.pass_()
    without, recorded = Taken(), Taken()
    for number in range(given.blocks):
        for is_recorded in (number % 2 == 0, number % 2 == 1):
            taken = recorded if is_recorded else without
            before = people.newest(), far.hooks.value, far.heard.value
            began = time.process_time()
            with nullcontext() if is_recorded else _unrecorded():
                for _ in range(given.decisions):
                    taken.add(people)
            if is_recorded:
                _delivered(people, far, before, 2 * given.decisions, channels=channels)
            taken.all.append(1e3 * (time.process_time() - began) / given.decisions)
    return without, recorded


def _delivered(
    people: Visitors, far: Ends, before: tuple[int, int, int], more: int, *, channels: bool
) -> None:
    """Wait until the events of a block are there: one of each decision and one of its action."""
    deadline = time.monotonic() + _WAIT
    events, hooks, heard = before
    while (
        channels and (far.hooks.value < hooks + more or far.heard.value < heard + more)
    ) or people.newest() < events + more:
        if time.monotonic() > deadline:
            raise RuntimeError("events were not delivered within a minute")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
