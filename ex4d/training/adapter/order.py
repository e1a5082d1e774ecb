"""In which order excerpts and their masks are learned from, and who takes which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ex4d.errors import TrainingError
from ex4d.training.config.records import Training
from ex4d.training.draws import seed_of


@dataclass(frozen=True)
class Order:
    """Every excerpt once an epoch in a drawn order, each time with another of its masks until it has had them all."""

    count: int
    draws: int
    seed: int

    def at(self, number: int) -> tuple[int, int]:
        """Return excerpt and mask of the example of this number."""
        epoch, place = divmod(number, self.count)
        excerpt = _shuffled(self.count, seed_of(self.seed, "epoch", epoch))[place]
        turn, which = divmod(epoch, self.draws)
        return excerpt, _shuffled(self.draws, seed_of(self.seed, "masks", excerpt, turn))[which]


@lru_cache(maxsize=64)
def _shuffled(count: int, seed: int) -> tuple[int, ...]:
    """Return the numbers below ``count`` in an order by bits that no version of numpy changes."""
    bits = np.random.PCG64(seed).random_raw(count)
    return tuple(np.argsort(bits, kind="stable").tolist())


@dataclass(frozen=True)
class Share:
    """Which examples of each step a process takes, and how many of them at once."""

    batch: int
    process: int
    processes: int
    at_once: int

    @classmethod
    def of(cls, settings: Training, process: int = 0, processes: int = 1) -> Share:
        """Share a step's batch.

        Raises:
            TrainingError: it cannot be divided evenly; says what could.
        """
        taken = processes * settings.at_once
        if settings.batch % taken == 0:
            return cls(settings.batch, process, processes, settings.at_once)
        below = settings.batch // taken * taken
        would = " or ".join(str(batch) for batch in (below, below + taken) if batch)
        raise TrainingError(
            f"training.batch: {settings.batch} excerpts cannot be shared evenly by {processes} processes that take "
            f"{settings.at_once} at once: choose batch {would}, or another at_once or number of processes, whose "
            "product divides it"
        )

    @property
    def turns(self) -> int:
        """How often a process passes the transformer in one step."""
        return self.batch // (self.processes * self.at_once)

    def numbers(self, step: int) -> Iterator[tuple[int, ...]]:
        """Yield the numbers of this process's examples in the step after ``step`` others, turn by turn."""
        for turn in range(self.turns):
            first = step * self.batch + (turn * self.processes + self.process) * self.at_once
            yield tuple(range(first, first + self.at_once))
