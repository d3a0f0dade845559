"""``log.jsonl`` in a run's folder: one line an epoch, with what it learned and how fast.

How fast differs from machine to machine and from run to run, so it stands here and not in the
checkpoint, which a resumed run reproduces.
"""

import json
import time
from pathlib import Path

from app.core.files import write_whole
from training.errors import TrainingError

LOG = "log.jsonl"
Record = dict[str, float]


class EpochLog:
    """The log in ``folder``; its lines after the first ``epochs`` are dropped, since a killed run
    does them once more.
    """

    def __init__(self, folder: Path, *, epochs: int) -> None:
        self._file = folder / LOG
        there = self._file.read_text(encoding="utf-8").splitlines() if self._file.is_file() else []
        try:
            self._lines = [line for line in there if json.loads(line)["epoch"] <= epochs]
        except (ValueError, KeyError, TypeError):
            raise TrainingError(
                f"{self._file} holds a line that is no record of an epoch; remove the file."
            ) from None

    def add(self, record: Record) -> None:
        """Write the file with one more line, as a whole or not at all."""
        self._lines.append(json.dumps(record))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, "".join(f"{line}\n" for line in self._lines))


class Pace:
    """Images and seconds of one epoch's steps, from its making on."""

    def __init__(self) -> None:
        self._images, self._started = 0, time.perf_counter()

    def count(self, images: int) -> float:
        """``images`` more are done; returns the images a second until now."""
        self._images += images
        return self._images / max(1e-9, time.perf_counter() - self._started)

    def record(self) -> Record:
        """``seconds`` of the steps until now and ``images_per_second`` in them."""
        seconds = time.perf_counter() - self._started
        return {"seconds": seconds, "images_per_second": self._images / max(1e-9, seconds)}
