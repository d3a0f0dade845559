"""``kith door``: the program next to a camera, which asks a service at its door."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.agent.run import Agent, Options
from app.agent.service import Decided, DoorOfService
from app.agent.sources import FORMS, camera_of
from app.cli.asking import HERE, Url, checked, key_of
from app.cli.progress import status_line
from app.core.clock import SystemClock
from app.core.names import printable
from app.core.terminal import flush_output, say
from app.decision.burst import MOST_FRAMES
from app.errors import InvalidRequest

cli = typer.Typer(no_args_is_help=True)
_DEFAULTS: Final = Options()


_Door = Annotated[str | None, typer.Option(help="The door's id.")]
_Source = Annotated[
    str | None,
    typer.Option(
        envvar="KITH_SOURCE",
        show_envvar=False,
        help=f"The camera: {FORMS}. A variable KITH_SOURCE keeps a password in it from others.",
    ),
]
_KeyFile = Annotated[
    Path | None,
    typer.Option(help="File with a key of scope door; default: KITH_KEY.", dir_okay=False),
]
_CameraCa = Annotated[
    Path | None,
    typer.Option(
        envvar="KITH_CAMERA_CA",
        show_envvar=False,
        help="File with the certificate (PEM) of the camera, or of who signed it; the variable "
        "KITH_CAMERA_CA does the same. Default: what this machine trusts.",
        dir_okay=False,
    ),
]
_Rate = Annotated[
    float,
    typer.Option(min=0.1, max=30, help="Pictures a second that are asked for, or replayed."),
]
_Frames = Annotated[int, typer.Option(min=1, max=MOST_FRAMES, help="Frames of a burst, at most.")]
_Seconds = Annotated[
    float, typer.Option(min=0.0, max=10, help="Seconds of a burst, from its first frame.")
]
_MaxAge = Annotated[int, typer.Option(min=100, max=60_000, help="Older frames are dropped.")]
_Motion = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="Share of the picture that must have changed; 0: all go."),
]
_Replay = Annotated[
    bool, typer.Option("--replay", help="With dir: what is there, as if taken now; then end.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print each answer as one line of JSON.")]
_Once = Annotated[bool, typer.Option("--once", help="End after one decision.")]
_Count = Annotated[int | None, typer.Option(min=1, help="End after this many decisions.")]


@cli.callback(invoke_without_command=True)
def door(
    context: typer.Context,
    *,
    door: _Door = None,
    source: _Source = None,
    url: Url = HERE,
    key_file: _KeyFile = None,
    camera_ca: _CameraCa = None,
    rate: _Rate = 5.0,
    frames: _Frames = _DEFAULTS.frames,
    seconds: _Seconds = _DEFAULTS.seconds,
    max_age_ms: _MaxAge = int(_DEFAULTS.max_age / timedelta(milliseconds=1)),
    motion: _Motion = _DEFAULTS.motion,
    replay: _Replay = False,
    as_json: _Json = False,
    once: _Once = False,
    count: _Count = None,
) -> None:
    """Watch a camera, send bursts of sharp frames to a door of a service, print its decisions.

    It is the service that decides. What fails is dropped and not sent again: a late name is worse
    than none.
    """
    if context.invoked_subcommand is not None:
        return
    if not door or not source:
        raise InvalidRequest("--door and --source are needed: which door, and which camera.")
    checked("door", door)
    clock = SystemClock()
    camera = camera_of(source, clock, rate=rate, replay=replay, ca=camera_ca)
    options = Options(
        frames=frames,
        seconds=seconds,
        max_age=timedelta(milliseconds=max_age_ms),
        motion=motion,
        count=1 if once else count,
        reports=not (once or count or replay or source.lower().startswith("file:")),
    )
    key = key_of(key_file, "door")
    with DoorOfService(url, door, key, clock) as service, _report(as_json) as report:
        Agent(camera, service, report, clock, options).run()


@cli.command()
def explain(
    *,
    door: Annotated[str, typer.Option(help="The door's id.")],
    person: Annotated[
        str | None, typer.Option(help="A person's id; without: an unknown face.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="A time such as 2027-01-31T08:00:00+01:00; without: now.")
    ] = None,
    collection: Annotated[
        str | None, typer.Option(help="The door's collection, where several have such a door.")
    ] = None,
) -> None:
    """Say which rule decides at a door, for whom, at any time; no image is needed.

    A door that denies is exit code 3.
    """
    from app.cli.door_explain import explain_door  # a database, which no camera's machine needs

    explain_door(door, person, at, collection)


@cli.command()
def log(
    *,
    door: Annotated[str, typer.Option(help="The door's id.")],
    start: Annotated[
        str | None,
        typer.Option("--from", help="Only then or later, such as 2027-01-31T08:00:00+01:00."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Only before.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Only decisions that name this person.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Only decisions for this reason.")] = None,
    collection: Annotated[
        str | None, typer.Option(help="The door's collection, where several have such a door.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write them to this file, as CSV.", dir_okay=False)
    ] = None,
) -> None:
    """Show what a door has decided, the oldest first, on the machine of the service."""
    from app.cli.door_log import LogOptions, show_log  # a database, as above

    show_log(door, LogOptions(start, end, person, reason, collection, csv))


@contextmanager
def _report(as_json: bool) -> Generator["_Lines", None, None]:  # noqa: FBT001
    if as_json or not sys.stdout.isatty():
        yield _Lines(as_json=as_json)
        return
    with status_line("starting") as (above, doing):
        yield _OnTerminal(above, doing)


class _Lines:
    """One line for each decision on standard output, news on standard error."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json

    def decided(self, decided: Decided) -> None:
        """One line, at once."""
        if self._as_json:
            line = json.dumps({**_logged(decided), "late": decided.is_late}, ensure_ascii=True)
        else:
            line = in_words(decided)
        typer.echo(line)
        flush_output()

    def say(self, text: str) -> None:
        """On standard error."""
        say(printable(text))

    def doing(self, text: str) -> None:
        """Shown on a terminal alone."""


class _OnTerminal(_Lines):
    """Decisions above a line that says what the agent does."""

    def __init__(self, above: Callable[[str], None], doing: Callable[[str], None]) -> None:
        super().__init__()
        self._above = above
        self._doing = doing

    def decided(self, decided: Decided) -> None:
        """Above the line."""
        self._above(in_words(decided))

    def say(self, text: str) -> None:
        """Above the line."""
        self._above(printable(text))

    def doing(self, text: str) -> None:
        """The line."""
        self._doing(printable(text))


def _logged(decided: Decided) -> dict[str, Any]:
    """The answer without the values of credentials: lines on standard output are kept as logs."""
    answer, person = decided.answer, decided.answer.get("person")
    if not person or "credentials" not in person:
        return answer
    shown = [
        {name: each for name, each in credential.items() if name != "value"}
        for credential in person["credentials"]
    ]
    return {**answer, "person": {**person, "credentials": shown}}


def in_words(decided: Decided) -> str:
    """A decision in one line; a late grant is none."""
    answer: dict[str, Any] = decided.answer
    at = str(answer.get("decided_at") or "")[11:19]
    words = [f"{at}Z", f"{answer['decision']:<8}", str(answer.get("reason") or "")]
    if person := answer.get("person"):
        words.append(str(person["id"]))
    if rule := answer.get("rule"):
        words.append(f"by {rule['id']}")
    if until := answer.get("valid_until"):
        words.append(f"until {str(until)[11:19]}Z")
    if answer.get("suppressed"):
        words.append("(again)")
    if decided.is_late:
        words[1] = "late    "
        words.append(f"(granted, and over: the answer took {decided.seconds:.1f} s)")
    if detail := answer.get("detail"):
        words.append(f"- {detail}")
    return printable(" ".join(words))
