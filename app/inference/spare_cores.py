"""Shares the work of one picture among the cores that no other picture needs just now."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.inference.inference_slots import InferenceSlots

Item = TypeVar("Item")
Result = TypeVar("Result")


class SpareCores:
    """Threads that help while turns are spare. Each takes a turn for one item only, so that a
    picture that comes in between waits for no more than one item. Thread-safe.
    """

    def __init__(self, slots: InferenceSlots) -> None:
        self._slots = slots
        self._most = slots.concurrency - 1
        self._helpers = ThreadPoolExecutor(max(1, self._most), thread_name_prefix="spare-core")

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """The result of each item, in order; ``work`` runs on the calling thread, which has a turn,
        and on threads with spare turns. Raises what ``work`` raises.
        """
        left = deque(enumerate(items))
        found: dict[int, Result] = {}

        def take() -> bool:
            try:
                place, item = left.popleft()
            except IndexError:
                return False
            found[place] = work(item)
            return True

        def help_out() -> None:
            while self._slots.take_spare():
                try:
                    if not take():
                        return
                finally:
                    self._slots.leave()

        helping = [self._helpers.submit(help_out) for _ in range(min(len(items) - 1, self._most))]
        while take():
            pass
        for each in helping:
            each.result()
        return [found[place] for place in range(len(items))]
