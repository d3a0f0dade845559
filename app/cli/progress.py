"""The progress bar of the long commands; it counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.core.terminal import plain_console


@contextmanager
def count_progress(title: str, total: int) -> Iterator[Callable[..., None]]:
    """A bar on standard error, where that is a terminal; gives the function that moves it, by one
    or by its argument.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = plain_console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total)
        yield lambda steps=1: bar.advance(task, steps)
