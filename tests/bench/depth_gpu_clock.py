"""What bench_depth_gpu times its models on, and with: moving blobs, a clock of seconds and memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ex4d.media.probe import MediaInfo
from tests.bench.random_depth_models import CARD

TINY = "--tiny" in sys.argv
SIZE = (64, 48) if TINY else (1024, 576)
FRAMES = 9 if TINY else 49
LONG = 12 if TINY else 110
DTYPE = torch.float16 if CARD.type == "cuda" else torch.float32


def frames(count: int) -> list[np.ndarray]:
    """Return moving blobs of colour."""
    return list(_frames(LONG))[:count]


@cache
def _frames(count: int) -> tuple[np.ndarray, ...]:
    return tuple(_drawn(count))


def _drawn(count: int) -> Iterator[np.ndarray]:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] / SIZE[0]
    for at in range(count):
        waves = [np.sin(20 * x + 9 * y + 0.1 * at + hue) + np.cos(31 * y - 7 * x + 0.2 * at * hue) for hue in (0, 1, 2)]
        yield np.clip(128 + 60 * np.stack(waves, axis=-1), 0, 255).astype(np.uint8)


def clip(count: int) -> MediaInfo:
    times = tuple(Fraction(index, 24) for index in range(count))
    return MediaInfo(Path("blobs.mkv"), *SIZE, Fraction(24), times, Fraction(count, 24))


def clock(label: str, work: Callable[[], Any]) -> Any:
    """Run work; print its seconds and its peak memory."""
    if CARD.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    made = work()
    if CARD.type == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    peak = torch.cuda.max_memory_allocated() / 2**30 if CARD.type == "cuda" else 0.0
    print(f"  {label:34} {seconds:8.3f} s  {peak:7.2f} GiB", flush=True)
    return made


def release() -> None:
    if CARD.type == "cuda":
        torch.cuda.empty_cache()


class SilentCount:
    """A listener that counts."""

    def __init__(self) -> None:
        self.frames = 0

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None:
        self.frames += 1

    def say(self, text: str) -> None: ...
