"""What the trainer is taught with: examples by number, from wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ex4d.errors import TrainingError
from ex4d.training.dataset.prepared import Example, PreparedExcerpt


@runtime_checkable
class Examples(Protocol):
    """Excerpts, each with as many masks; all of one size."""

    @property
    def count(self) -> int:
        """Excerpts."""
        ...

    @property
    def draws(self) -> int:
        """Masks of each."""
        ...

    def name(self, index: int) -> str:
        """Return an excerpt's name, for the words of errors."""
        ...

    def example(self, index: int, draw: int) -> Example:
        """Return an excerpt with one of its masks; it may be called by several threads."""
        ...


@dataclass(frozen=True)
class PreparedExamples:
    """Prepared excerpts, as the trainer takes them."""

    excerpts: tuple[PreparedExcerpt, ...]

    @classmethod
    def of(cls, excerpts: Sequence[PreparedExcerpt]) -> PreparedExamples:
        """Take excerpts that may be trained on together.

        Raises:
            TrainingError: they differ in size, length or number of masks.
        """
        kinds = {(one.notes.size, len(one.notes.frames), len(one.masks)) for one in excerpts}
        if len(kinds) > 1:
            listed = "".join(
                f"\n  {frames} frames of {width}x{height} with {masks} masks"
                for (width, height), frames, masks in sorted(kinds)
            )
            raise TrainingError(f"excerpts of different kinds were prepared; prepare them anew, alike:{listed}")
        return cls(tuple(excerpts))

    @property
    def count(self) -> int:
        """Excerpts."""
        return len(self.excerpts)

    @property
    def draws(self) -> int:
        """Masks of each."""
        return len(self.excerpts[0].masks) if self.excerpts else 0

    def name(self, index: int) -> str:
        """Return an excerpt's name."""
        return self.excerpts[index].name

    def example(self, index: int, draw: int) -> Example:
        """Read an excerpt with one of its masks.

        Raises:
            MediaError: its file is damaged or gone.
        """
        return self.excerpts[index].example(draw)
