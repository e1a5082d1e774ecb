"""How long work reports what it does, without knowing who listens."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """A listener of long work."""

    def begin(self, task: str, total: int) -> None:
        """Start a task of ``total`` steps."""
        ...

    def advance(self) -> None:
        """Finish one step of the newest task."""
        ...

    def say(self, text: str) -> None:
        """Tell the user of a choice that was made for them, or of work that was kept."""
        ...


class _Silent:
    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def say(self, text: str) -> None: ...


SILENT: Progress = _Silent()
"""Listens to nothing."""


def counted(count: int, noun: str) -> str:
    """Return so many of something in words: 1 frame, 2 frames."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
