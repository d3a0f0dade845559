"""``kith door`` says in a sentence what is wrong; on a terminal it has a line of its own."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.agent.service import Decided
from app.cli.door import in_words
from tests.support.agents import ADA, COMMAND, agent, drop, environment, make_door
from tests.support.cameras import WebCam, webcam
from tests.support.commands import Command
from tests.support.pictures import picture
from tests.support.server import ServerProcess


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """A service that all tests share."""
    running = ServerProcess(tmp_path_factory.mktemp("site"), fake_bundle).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def key(site: ServerProcess) -> str:
    with site.client() as admin:
        return make_door(admin)[0]


@pytest.fixture
def camera() -> Iterator[WebCam]:
    with webcam() as found:
        found.pictures = [picture(ADA, shake) for shake in range(20, 60)]
        yield found


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("ftp://ada:secret@camera/x", "--source is none of rtsp://"),
        ("dir:", "names nothing after the colon"),
        ("http://ada:secret@", "The address is none: a host"),
        ("dir:/nowhere-at-all", "The camera at dir:/nowhere-at-all: the folder"),
        ("file:/nowhere-at-all.mp4", "The camera at file:/nowhere-at-all.mp4: No such file"),
        ("/dev/video99", "The camera at /dev/video99: No such file"),
    ],
)
def test_a_source_that_is_none_is_said(
    kith_command: Command, site: ServerProcess, key: str, source: str, said: str
) -> None:
    options = ("--door", "front", "--source", source, "--url", site.url)
    ended = kith_command("door", *options, KITH_KEY=key)
    assert (ended.status, ended.out) == (1, "")
    last = ended.err.splitlines()[-1]
    assert last.startswith("kith: ")
    assert last.endswith(".")
    assert said in last
    assert "secret" not in ended.err


@pytest.mark.parametrize(
    ("status", "asks", "said"),
    [
        (404, None, "404; correct the address"),
        (200, "digest", "a user and a password"),
        (403, None, "403: give it a user and a password"),
    ],
)
def test_a_camera_that_refuses_is_said(
    kith_command: Command,
    site: ServerProcess,
    key: str,
    camera: WebCam,
    status: int,
    asks: str | None,
    said: str,
) -> None:
    camera.status, camera.asks_for = status, asks
    source = f"http://ada:secret@127.0.0.1:{camera.port}/latest.jpg"
    options = ("--door", "front", "--source", source, "--url", site.url)
    ended = kith_command("door", *options, KITH_KEY=key)
    assert ended.status == 1
    assert said in ended.err
    assert "secret" not in ended.err


def test_a_wrong_key_or_door_is_said_before_anybody_is_there(
    kith_command: Command, site: ServerProcess, key: str, tmp_path: Path
) -> None:
    source = ("--source", f"dir:{tmp_path}", "--url", site.url)
    wrong = kith_command("door", "--door", "front", *source, KITH_KEY="kith_wrong")
    assert (wrong.status, wrong.out) == (1, "")
    assert f"kith: The key is not known at {site.url}" in wrong.err
    elsewhere = kith_command("door", "--door", "back", *source, KITH_KEY=key)
    assert elsewhere.status == 1
    assert "'back'" in elsewhere.err
    with site.client() as admin:
        reads = admin.post("/keys", json={"scopes": ["read"]}).json()["key"]
    (tmp_path / "key").write_text(f"{reads}\n")
    forbidden = kith_command("door", "--door", "front", *source, "--key-file", tmp_path / "key")
    assert forbidden.status == 1
    assert "kith: The key may not ask at the door 'front'" in forbidden.err


def test_what_is_missing_is_said(kith_command: Command, tmp_path: Path) -> None:
    source = ("--source", f"dir:{tmp_path}")
    for arguments, said in (
        (("--door", "front"), "--door and --source are needed"),
        (source, "--door and --source are needed"),
        (("--door", "../keys", *source), "'../keys' is no id of a door"),
        (("--door", "front", *source), "set KITH_KEY"),
        (("--door", "front", *source, "--key-file", tmp_path / "none"), "cannot be read"),
    ):
        ended = kith_command("door", *arguments)
        assert (ended.status, ended.out) == (1, "")
        assert said in ended.err
    odd = kith_command("door", "--door", "front", *source, KITH_KEY="kith\n\u00e9")
    assert "characters that no key has" in odd.err
    assert "\u00e9" not in odd.err


def test_an_address_that_is_no_kith_is_said(
    kith_command: Command, camera: WebCam, tmp_path: Path
) -> None:
    source = ("--source", f"dir:{tmp_path}", "--url", camera.url)
    ended = kith_command("door", "--door", "front", *source, KITH_KEY="kith_any")
    assert ended.status == 1
    assert "correct --url" in ended.err


def test_without_json_a_decision_is_a_line_for_people(
    kith_command: Command, site: ServerProcess, key: str, tmp_path: Path
) -> None:
    drop(tmp_path, ADA)
    options = ("--source", f"dir:{tmp_path}", "--replay", "--rate", "20", "--url", site.url)
    ended = kith_command("door", "--door", "front", *options, KITH_KEY=key)
    assert ended.status == 0
    time, *words = ended.out.split()
    assert words[:4] == ["granted", "granted", "ada", "until"]
    assert time.endswith("Z")


def test_on_a_terminal_decisions_stand_above_a_line_that_says_what_it_does(
    site: ServerProcess, key: str, tmp_path: Path
) -> None:
    drop(tmp_path, ADA)
    options = ("--door", "front", "--source", f"dir:{tmp_path}", "--replay", "--rate", "5")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *options],
        env=environment(KITH_KEY=key, KITH_URL=site.url, TERM="xterm", COLUMNS="100"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # so a terminal says that the process is gone
        pass
    os.close(ours)
    assert process.wait(60) == 0
    assert b"watching dir:" in shown
    assert b"granted" in shown
    assert b"Traceback" not in shown
    assert shown.rstrip().endswith(b"\x1b[?25h") or b"\x1b[?25h" in shown  # the cursor is back


def test_an_interrupt_ends_it_at_once(site: ServerProcess, key: str, camera: WebCam) -> None:
    source = f"{camera.url}/latest.jpg"
    with agent("--source", source, key=key, server=site) as watching:
        watching.says("Watching")
        assert watching.end() == 128 + signal.SIGINT


def decided(*, took: float, **answer: Any) -> Decided:  # noqa: ANN401 - JSON
    at = datetime(2027, 3, 1, 12, tzinfo=UTC)
    whole = {
        "decision": "granted",
        "reason": "granted",
        "person": {"id": "ada"},
        "decided_at": at.isoformat(),
        "valid_until": (at + timedelta(seconds=5)).isoformat(),
        "rule": {"id": "staff-office"},
        **answer,
    }
    return Decided(json.loads(json.dumps(whole)), took, 0)


def test_a_grant_that_comes_after_its_time_is_no_grant() -> None:
    assert not decided(took=4.9).is_late
    assert decided(took=5).is_late
    assert not decided(took=9, valid_until=None, decision="denied").is_late
    assert in_words(decided(took=1)) == (
        "12:00:00Z granted  granted ada by staff-office until 12:00:05Z"
    )
    late = in_words(decided(took=6))
    assert late.startswith("12:00:00Z late ")
    assert "the answer took 6.0 s" in late
    assert in_words(decided(took=1, suppressed=True)).endswith("(again)")


def test_a_denial_says_what_would_help() -> None:
    detail = "1 frame came, of which 1 can be used."
    said = in_words(decided(took=1, decision="denied", reason="too_few_frames", detail=detail))
    assert said.endswith(f"- {detail}")


def test_a_name_cannot_draw_on_the_terminal() -> None:
    assert "\x1b" not in in_words(decided(took=1, person={"id": "a\x1b[2J"}))
