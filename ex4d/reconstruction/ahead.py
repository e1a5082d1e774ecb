"""Work on a thread of its own that stays ahead of who needs it; and items in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar, cast

Item = TypeVar("Item")


def in_batches(items: Iterable[Item], count: int) -> Iterator[list[Item]]:
    """Yield the same items, so many at a time; the last may be fewer."""
    left = iter(items)
    while batch := list(islice(left, count)):
        yield batch


def ahead(items: Iterator[Item], count: int) -> Iterator[Item]:
    """Yield the same items; while one is used, up to ``count`` that follow are made."""
    end = object()
    pool = ThreadPoolExecutor(1, thread_name_prefix="ex4d-depth")
    try:
        coming = deque(pool.submit(next, items, end) for _ in range(count))
        while (item := coming.popleft().result()) is not end:
            coming.append(pool.submit(next, items, end))
            yield cast(Item, item)
    finally:
        pool.shutdown(cancel_futures=True)
