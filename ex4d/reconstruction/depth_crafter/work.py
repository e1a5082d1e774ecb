"""Progress in frames of the clip, of work that passes over them several times."""

from __future__ import annotations

from dataclasses import dataclass, field

from ex4d.progress import Progress

ENCODED, PASSED, DECODED = 2.2, 1.0, 2.4
"""What a frame costs in each of its stages: being encoded, each time that the UNet sees it, being decoded; measured."""


@dataclass
class Work:
    """Tells of a frame whenever as much is done as one frame's share of all there is to do."""

    frame_count: int
    seen: int
    """Frames that the UNet sees, each as often as it does."""
    progress: Progress
    _done: float = 0.0
    _told: int = field(default=0)

    def done(self, cost: float, frames: int) -> None:
        """Count so many frames through one stage."""
        self._done += cost * frames
        everything = self.frame_count * (ENCODED + DECODED) + self.seen * PASSED
        for _ in range(self._told, int(self.frame_count * self._done / everything + 1e-6)):
            self._told += 1
            self.progress.advance()
