"""Says to the service how the agent is, on a thread of its own: no report ever holds up a frame."""

import threading
import time
from collections.abc import Callable
from typing import Final, Self

from app.agent.service import BurstRefused, DoorOfService, ServiceAway
from app.errors import AppError

_QUIET: Final = 10.0
"""Seconds without a picture after which a camera that should always give some gives none."""
_LOOKS: Final = 1.0
_AGAIN: Final = 5.0
State = tuple[str, str | None]


class Health:
    """The state of one agent, from the calls of its loop. ``quiet`` cameras give a picture only
    where something happened. Its block reports, until the service does not take reports.
    """

    def __init__(
        self,
        service: DoorOfService,
        *,
        quiet: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._quiet = quiet
        self._monotonic = monotonic
        self._lost: str | None = None
        self._seen_at: float | None = None
        self._began_at = monotonic()
        self._stale = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

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

    def lost(self) -> None:
        """The camera does not answer."""
        self._lost = "camera_lost"

    def decided(self, reason: str | None) -> None:
        """The service decided, for this reason."""
        self._stale = reason == "stale_frames"

    def state(self) -> State | None:
        """The state and a word that says more; None while it is not known yet."""
        if self._lost is not None:
            return "no_picture", self._lost
        if not self._quiet:
            since = self._began_at if self._seen_at is None else self._seen_at
            if self._monotonic() - since >= _QUIET:
                return "no_picture", "camera_silent"
            if self._seen_at is None:
                return None
        return ("stale_pictures", None) if self._stale else ("ok", None)

    def _run(self) -> None:
        said: State | None = None
        due = 0.0
        while not self._end.wait(_LOOKS):
            state, now = self.state(), self._monotonic()
            if state is None or (now < due and said in (state, None)):
                continue
            try:
                said, due = state, now + self._service.report(*state)
            except ServiceAway as away:
                said, due = None, now + max(away.wait, _AGAIN)
            except (BurstRefused, AppError):
                return  # an older service, or what the loop will hear of by itself
            except RuntimeError:
                if self._end.is_set():
                    return  # the connection was closed under it
                raise
