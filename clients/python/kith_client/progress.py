"""A bar on standard error while many people are enrolled; needs the extra ``progress``."""

from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager

from kith_client.enrolment import Enrolled


@contextmanager
def counted(people: object, *, shown: bool) -> Iterator[Callable[[Enrolled], None]]:
    """A function to call with each result; it draws nothing unless ``shown``."""
    if not shown:
        yield lambda _: None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        raise ImportError("For a bar install kith-client[progress].") from None
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(
            "Enrolling", total=len(people) if isinstance(people, Sized) else None
        )
        refused = 0

        def count(result: Enrolled) -> None:
            nonlocal refused
            refused += bool(result.rejected or result.error)
            words = f"Enrolling, {refused} with refusals" if refused else "Enrolling"
            progress.update(task, advance=1, description=words)

        yield count
