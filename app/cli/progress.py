"""The progress bars of the long commands: of what is counted, and of downloads in bytes;
and one line for what goes on without an end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

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


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar a file on standard error, if that is a terminal; gives the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = plain_console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def show_bytes(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        yield show_bytes


@contextmanager
def status_line(
    title: str,
) -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """A line that is written over, on standard output, which is a terminal. Gives the function that
    prints a line above it, and the one that changes it.
    """
    console = plain_console()
    with console.status(title) as status:
        yield (lambda text: console.print(text, soft_wrap=True)), status.update
