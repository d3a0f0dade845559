"""Reports the state of the agent to the service, on its own thread, so that no report holds up a
frame.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Self

from app.agent.service import BurstRefused, DoorOfService, ServiceAway
from app.core.threads import lasting
from app.errors import AppError

_QUIET: Final = 10.0
"""Seconds without a picture after which a camera that gives pictures all the time has failed."""
_LOOKS: Final = 1.0
_LASTS: Final = 5.0
"""Seconds for which a state must last before it is reported: a camera that is gone for a moment is
no news.
"""
_AGAIN: Final = 5.0
_REFUSED: Final = 300.0
"""Seconds after which a refused report is tried again: the key may reach its door again, or the
door may be made again.
"""
State = tuple[str, str | None]


class Health:
    """The state of one agent, from the calls of its loop. ``quiet`` cameras give a picture only
    where something happened.

    As a context manager it reports while its block runs; ``say`` gets messages for the operator.
    """

    def __init__(
        self,
        service: DoorOfService,
        say: Callable[[str], None],
        *,
        quiet: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._say = say
        self._quiet = quiet
        self._monotonic = monotonic
        self._lost: str | None = None
        self._seen_at: float | None = None
        self._began_at = monotonic()
        self._unreadable_at: float | None = None
        self._stale = False
        self._said: State | None = None
        self._seen: State | None = None
        self._since = self._due = 0.0
        self._failure: type[Exception] | None = None
        self._end = threading.Event()
        self._thread = lasting("health", self._run, ended=self._end.is_set)

    def __enter__(self) -> Self:
        self._began_at = self._monotonic()
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._end.set()

    def opened(self) -> None:
        """The camera is there; one that gives pictures all the time must give one first."""
        if self._quiet:
            self._lost = None

    def saw(self) -> None:
        """A picture came."""
        self._lost, self._seen_at = None, self._monotonic()

    def unreadable(self) -> None:
        """A picture came that cannot be read."""
        self._lost, self._unreadable_at = None, self._monotonic()

    def lost(self) -> None:
        """The camera does not answer."""
        self._lost = "camera_lost"

    def decided(self, reason: str | None) -> None:
        """The service decided, for this reason."""
        self._stale = reason == "stale_frames"

    def state(self) -> State | None:
        """The state, and a word with details; None while it is not known yet."""
        if self._lost is not None:
            return "no_picture", self._lost
        if not self._quiet:
            since = self._began_at if self._seen_at is None else self._seen_at
            if self._monotonic() - since >= _QUIET:
                return "no_picture", self._why_quiet()
            if self._seen_at is None:
                return None
        return ("stale_pictures", None) if self._stale else ("ok", None)

    def _why_quiet(self) -> str:
        at = self._unreadable_at
        comes = at is not None and self._monotonic() - at < _QUIET
        return "unreadable_pictures" if comes else "camera_silent"

    def look(self) -> None:
        """Report, if it is time to: at each interval, and when another state has lasted."""
        state, now = self.state(), self._monotonic()
        if state != self._seen:
            self._seen, self._since = state, now
        is_news = self._said not in (None, state) and now - self._since >= _LASTS
        if state is None or (now < self._due and not is_news):
            return
        try:
            self._due = now + self._service.report(*state)
        except ServiceAway as away:
            self._failed(away, now, max(away.wait, _AGAIN))
        except (BurstRefused, AppError) as refused:
            self._failed(refused, now, _REFUSED)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next one is tried
            if not self._end.is_set():  # else the connection was closed under it
                self._failed(error, now, _REFUSED)
        else:
            self._said = state
            if self._failure is not None:
                self._failure = None
                self._say("The service takes reports about the camera again.")

    def _failed(self, error: Exception, now: float, wait: float) -> None:
        self._said, self._due = None, now + wait
        if type(error) is not self._failure:
            self._failure = type(error)
            self._say(
                f"A report about the camera was not taken: {_said(error)}. It is tried "
                f"again every {wait:.0f} s; until then the service does not know how the camera is."
            )

    def _run(self) -> None:
        while not self._end.wait(_LOOKS):
            self.look()


def _said(error: Exception) -> str:
    """The error for the operator; one that nobody foresaw with its kind, too."""
    is_known = isinstance(error, ServiceAway | BurstRefused | AppError)
    return (str(error) if is_known else f"{type(error).__name__}: {error}").rstrip(".")
