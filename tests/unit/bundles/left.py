"""The files that a pull leaves, and a wheel that it lacks."""

from pathlib import Path

from tests.unit.bundles.publisher import (
    Publisher,
)


def left(destination: Path) -> list[str]:
    """The files next to and under the destination, apart from the lock."""
    parent = destination.parent
    return sorted(each.name for each in parent.iterdir() if each.suffix != ".lock")


def no_wheel(world: Publisher) -> None:
    world.wheel.unlink()
