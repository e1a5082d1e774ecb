"""EX-4D's own cameras: an eye on a curve of the release's, always facing the subject."""

from __future__ import annotations

import math

import numpy as np

from tests.trajectory.peers.cameras import Cameras, Peer, PeerMove, even, facing, points

FRAMES = 49
SUBJECT = (0.0, 0.0, 1.0)


def arc(angle_deg):
    """Return the cameras named after an angle: eye = (sin a, 0.2 (|cos a| - 1), 1 - |cos a|), y down."""
    a = math.radians(angle_deg) * even(FRAMES)
    eye = points(np.sin(a), 0.2 * (np.abs(np.cos(a)) - 1.0), 1.0 - np.abs(np.cos(a)))
    return Cameras.of(facing(eye, SUBJECT), eye)


def ellipse():
    """Return the cameras named 180: once round an ellipse beside the subject."""
    a = 2.0 * math.pi * even(FRAMES)
    eye = points(np.sin(a), 0.2 * (np.cos(a) - 1.0), 0.0)
    return Cameras.of(facing(eye, SUBJECT), eye)


PEER = Peer(
    name="EX-4D",
    sources="tau-yihouxiang/EX-4D: recon.py",
    distance="Its lengths are shares of the depth that it faces: a point on the source's axis, 0.15 of its units "
    "behind the nearest depth of the first frame. Ours face the subject.",
    moves=(
        *(
            PeerMove(f"`--cam {angle}`", f"right and up, {angle}° of an ellipse, facing", f"ex4d-{angle}", arc(angle))
            for angle in (30, 60, 90)
        ),
        PeerMove("`--cam 180`", "right, left and home on an ellipse, facing", "ex4d-180", ellipse()),
    ),
    unsaid=(
        "`zoom_in` and `zoom_out` are named by its release, but it has no numbers for them: `ex4d-zoom-in` and "
        "`ex4d-zoom-out` are ours, a dolly of 30 % in and out.",
    ),
)
