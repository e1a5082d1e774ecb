"""What of a data set could not be used, and why: skipped, never silently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ex4d.errors import OutputError, SynthesisError, UserError
from ex4d.progress import Progress, counted

MOST_REASONS = 10
"""That are shown; the report has them all."""


@dataclass(frozen=True)
class Skipped:
    """A clip, or an excerpt of it, that is not trained on."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class SaidOnce:
    """Passes on what is said of a clip unless the same was said of one before; steps are for whoever counts clips."""

    listener: Progress
    names: tuple[str, ...]
    """Of the clip, as they stand in what is said."""
    said: set[str]

    def begin(self, task: str, total: int) -> None:
        """Pass over a task within the work on a clip."""

    def advance(self) -> None:
        """Pass over its steps."""

    def say(self, text: str) -> None:
        """Say what is new, without the clip's names."""
        for name in self.names:
            text = text.replace(name, "…")
        if text not in self.said:
            self.said.add(text)
            self.listener.say(text)


@dataclass
class Report:
    """Gathers what is skipped."""

    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, name: str, reason: str) -> None:
        """Note what is not used."""
        self.skipped.append(Skipped(name, reason))

    @contextmanager
    def skipping(self, name: str) -> Iterator[None]:
        """Go on after a block in which a clip turns out to be unusable.

        A place that cannot be written, and weights that cannot be right, are no clip's fault: they are raised.
        """
        try:
            yield
        except (OutputError, SynthesisError):
            raise
        except UserError as fault:
            self.skip(name, str(fault))

    def in_words(self) -> tuple[str, ...]:
        """Return what was skipped, the first few reasons in full."""
        shown = tuple(f"  {one}" for one in self.skipped[:MOST_REASONS])
        more = len(self.skipped) - len(shown)
        return (*shown, f"  and {more} more") if more else shown

    def require_some(self, found: int, where: object) -> None:
        """Refuse a data set of which nothing can be used.

        Raises:
            UserError: with the first reasons.
        """
        if not found:
            raise UserError("\n".join([f"{where}: none of its clips can be trained on", *self.in_words()]))

    def as_json(self) -> list[dict[str, Any]]:
        """Return all that was skipped, for programs."""
        return [{"name": one.name, "reason": one.reason} for one in self.skipped]

    def __str__(self) -> str:
        return "\n".join([f"skipped {counted(len(self.skipped), 'clip')}:", *self.in_words()])
