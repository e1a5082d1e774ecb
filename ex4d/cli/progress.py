"""How long work is shown while it runs: a bar a task with the time left, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ex4d.progress import SILENT, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class ProgressBars:
    """Draws one bar a task; the newest stands below the finished ones."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, task: str, total: int) -> None:
        """Start a task of ``total`` steps; the first one starts the drawing."""
        self._bars.start()
        self._task = self._bars.add_task(task, total=total)

    def advance(self) -> None:
        """Finish one step of the newest task."""
        if self._task is not None:
            self._bars.advance(self._task)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def shown(console: Console, *, quiet: bool) -> Iterator[Progress]:
    """Show progress on a console, or stay silent."""
    if quiet:
        yield SILENT
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console)
    try:
        yield ProgressBars(bars)
    finally:
        if bars.tasks:  # without any, stopping would print an empty line
            bars.stop()
