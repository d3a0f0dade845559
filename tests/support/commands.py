"""What the fixture ``kith`` is: it runs a command, and gives what it said and its exit code."""

from collections.abc import Callable

Kith = Callable[..., str]
