"""A tracker that remembers: tracks depend on the clip alone, and many masks are drawn of one excerpt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ex4d.training.masks.tracker import Frames, Points, Tracker, Tracks


@dataclass
class KeptTracker:
    """Follows points by another tracker, and keeps what it said last."""

    tracker: Tracker
    _kept: tuple[Frames, Points, Tracks] | None = field(default=None, init=False, repr=False)

    def track(self, frames: Frames, points: Points) -> Tracks:
        """Follow points as the tracker does; not anew for the array of frames and the points of the last call.

        Other arrays are other frames, even where they are equal: comparing them takes as long as some trackers do.
        """
        if self._kept is not None:
            known_frames, known_points, tracks = self._kept
            if known_frames is frames and np.array_equal(known_points, points):
                return tracks
        tracks = self.tracker.track(frames, points)
        self._kept = frames, points, tracks
        return tracks
