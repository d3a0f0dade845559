"""The agent itself: it makes bursts of frames, gets decisions on bursts, and waits for a camera or
a service that does not answer.
"""

import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from app.agent.bursts import Gathering
from app.agent.cameras import Camera, CameraLost, CameraRefused
from app.agent.frames import Frame, UnreadablePicture
from app.agent.health import Health
from app.agent.motion import Motion
from app.agent.service import BurstRefused, Decided, DoorOfService, ServiceAway
from app.agent.waits import Waits
from app.core.clock import Clock
from app.errors import StartError

_CLOCKS_DIFFER: Final = 1.5
"""The largest error of the difference between the clocks, in seconds: the service's ``Date`` is in
whole ones."""


@dataclass(frozen=True, slots=True)
class Options:
    """The agent's settings: how much it sends, and how often."""

    frames: int = 5
    """The largest number of frames of one burst; a door takes 1 to 8."""
    seconds: float = 1.0
    """Seconds from the first frame of a burst to its sending."""
    max_age: timedelta = timedelta(milliseconds=1500)
    """Older frames are dropped: a door takes frames of the last 2 seconds, and the service needs
    some of that time."""
    motion: float = 0.01
    """Share of the picture that must have changed, 0 to 1; 0: everything is sent."""
    count: int | None = None
    """Decisions after which it ends; None: it does not."""
    reports: bool = True
    """Whether it reports its health to the service; a run that ends by itself does not."""


class Report(Protocol):
    """Shows the agent's work to people."""

    def decided(self, decided: Decided) -> None:
        """A decision, or a grant that came too late to act on."""
        ...

    def say(self, text: str) -> None:
        """A message for the operator, shown once: the agent waits for something, or it is back."""
        ...

    def doing(self, text: str) -> None:
        """The present work, for a line that is written over."""
        ...


class Agent:
    """One camera at one door."""

    def __init__(
        self, camera: Camera, service: DoorOfService, report: Report, clock: Clock, options: Options
    ) -> None:
        self._camera = camera
        self._service = service
        self._report = report
        self._clock = clock
        self._options = options
        self._motion = Motion(share=0 if camera.decides_what_moved else options.motion)
        self._gathering = Gathering(most=options.frames, seconds=options.seconds)
        self._health = Health(service, report.say, quiet=camera.decides_what_moved)
        self._camera_waits = Waits()
        self._service_waits = Waits()
        self._camera_away = False
        self._service_away = False
        self._not_before = 0.0
        self._decisions = 0
        self._unreadable = 0
        self._said: set[str] = set()

    def run(self) -> None:
        """Run until the camera has no more frames, or there were ``count`` decisions. ``AppError``
        for a failure that will last.
        """
        self._wait_for_the_service()
        try:
            with self._health if self._options.reports else nullcontext():
                while not self._watched():
                    self._report.doing(f"waiting for {self._camera.shown}")
                    time.sleep(self._camera_waits.next())
        except CameraRefused as refused:
            raise StartError(f"The camera at {self._camera.shown}: {refused}.") from None

    @property
    def _is_done(self) -> bool:
        return self._options.count is not None and self._decisions >= self._options.count

    def _wait_for_the_service(self) -> None:
        """Connect to the service. A wrong key is found here, before anybody stands at the door."""
        while True:
            try:
                found = self._service.check()
            except ServiceAway as away:
                time.sleep(self._lose_the_service(away))
            except BurstRefused as refused:
                raise StartError(f"{self._service.shown} takes no picture: {refused}") from None
            else:
                break
        self._find_the_service()
        if found.answer.get("mode") == "verify":
            self._report.say(
                "This door is in mode verify: it wants a card number with the frames, and the "
                "agent has none to give. Every decision will be a denial."
            )
        self._compare_clocks(found)

    def _watched(self) -> bool:
        """Run until the camera ends; returns False where it was lost and may come back."""
        try:
            self._watch()
        except CameraLost as lost:
            self._gathering.clear()
            self._health.lost()
            if not self._camera_away:
                self._camera_away = True
                self._report.say(f"Waiting for the camera at {self._camera.shown}: {lost}.")
            return False
        return True

    def _watch(self) -> None:
        with closing(self._camera.frames()) as frames:
            for frame in frames:
                self._say_once(f"Watching {self._camera.shown} for {self._service.shown}.")
                self._health.opened()
                if isinstance(frame, UnreadablePicture):
                    self._leave_out(frame)
                elif frame is not None:
                    self._take(frame)
                if self._gathering.is_due(at=time.monotonic()):
                    self._send()
                if self._is_done:
                    return
        self._send()

    def _take(self, frame: Frame) -> None:
        self._health.saw()
        self._find_the_camera()
        if self._motion.seen(frame):
            self._gathering.add(frame, at=time.monotonic())
        self._say_what_was_done()

    def _leave_out(self, unreadable: UnreadablePicture) -> None:
        """Go on without a picture, or a burst, that cannot be read."""
        self._health.unreadable()
        self._find_the_camera()
        self._unreadable += 1
        if self._unreadable == 1:
            self._report.say(
                f"A picture of {self._camera.shown} cannot be read: {unreadable}. It is left out, "
                "and so is each other that cannot be read."
            )
        self._say_what_was_done()

    def _find_the_camera(self) -> None:
        if self._camera_away:
            self._camera_away = False
            self._camera_waits.over()
            self._report.say(f"The camera at {self._camera.shown} is there again.")

    def _say_what_was_done(self) -> None:
        left_out = f", pictures left out: {self._unreadable:,}" if self._unreadable else ""
        self._report.doing(
            f"watching {self._camera.shown}, {self._decisions:,} decisions{left_out}"
        )

    def _send(self) -> None:
        """Send the frames that are young enough, once; a burst that fails is dropped and not
        repeated.
        """
        frames = self._gathering.take(now=self._clock.now(), max_age=self._options.max_age)
        if not frames or time.monotonic() < self._not_before:
            return
        self._report.doing(f"asking about {len(frames)} frames")
        try:
            decided = self._service.decide(frames)
        except ServiceAway as away:
            self._not_before = time.monotonic() + self._lose_the_service(away)
            return
        except UnreadablePicture as unreadable:
            self._leave_out(unreadable)
            return
        except BurstRefused as refused:
            self._say_once(f"A burst was refused: {refused}")
            return
        self._find_the_service()
        self._decisions += 1
        self._report.decided(decided)
        self._health.decided(decided.answer.get("reason"))
        if decided.answer.get("reason") == "stale_frames":
            self._compare_clocks(decided)

    def _lose_the_service(self, away: ServiceAway) -> float:
        """Seconds before the next try."""
        if not self._service_away:
            self._service_away = True
            self._report.say(
                f"Waiting for the service at {self._service.shown}: {str(away).rstrip('.')}. "
                "What the camera sees until then is dropped."
            )
        self._report.doing(f"waiting for {self._service.shown}")
        return max(self._service_waits.next(), away.wait)

    def _find_the_service(self) -> None:
        if self._service_away:
            self._service_away = False
            self._service_waits.over()
            self._report.say(f"The service at {self._service.shown} answers again.")

    def _compare_clocks(self, decided: Decided) -> None:
        if abs(decided.clock_differs) >= _CLOCKS_DIFFER:
            ahead = "ahead of" if decided.clock_differs > 0 else "behind"
            self._say_once(
                f"The clock of the service is about {abs(decided.clock_differs):.0f} s {ahead} "
                "this machine's: frames seem too old or from the future. Set both by NTP."
            )

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._report.say(text)
