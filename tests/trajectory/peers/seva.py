"""Stable Virtual Camera's presets, which begin at the identity and look at a point 10 units away."""

from __future__ import annotations

import math

import numpy as np

from ex4d.geometry.se3 import rigid, roll_rotation
from tests.trajectory.peers.cameras import ROUNDING, Cameras, Differences, Peer, PeerMove, even, facing, points

FRAMES = 80
UNIT = 0.1
SUBJECT = (0.0, 0.0, 1.0)
HALF_LENS = math.radians(27.0)
"""It takes every picture to have been seen by a lens of 54 degrees."""
SPIRAL = (0.5, 0.5, 0.2)
"""Radii in units; its demo page has twice the first two and 0.5."""
WRITTEN = Differences(1e-3, 5e-5, 5e-5)
"""Some of its lengths are written with four or five digits in our presets."""
DIRECTIONS = {
    "forward": (0, 0, 1), "backward": (0, 0, -1), "up": (0, -1, 0), "down": (0, 1, 0), "left": (-1, 0, 0),
    "right": (1, 0, 0),
}  # fmt: skip


def looping():
    """Progress of the moves that come home: the frame that repeats the first is left out."""
    return np.arange(FRAMES) / FRAMES


def orbit(s):
    """Return cameras all the way round, to the right."""
    eye = points(np.sin(2 * math.pi * s), 0.0, 1.0 - np.cos(2 * math.pi * s))
    forward = np.asarray(SUBJECT) - eye
    return Cameras.of(facing(eye, eye + forward), eye)


def spiral(s):
    """Return cameras on two turns of a spiral, relative to its own first one.

    It looks at a point of its own, 1 / (0.25 / 0.9 + 0.75 / 25) units in front of the circle's middle. From the first
    camera, on the circle, that is 3.29 units away: the subject's distance.
    """
    focal = 1.0 / (0.25 / 0.9 + 0.75 / 25.0)
    angle = 4.0 * math.pi * s
    across, high, deep = SPIRAL
    eye = points(across * np.cos(angle), high * np.sin(angle), deep * np.sin(0.5 * angle))
    eye = eye / math.hypot(focal, across)
    return Cameras.relative(rigid(facing(eye, (0.0, 0.0, focal / math.hypot(focal, across))), eye))


def lemniscate(s):
    """Return cameras on a figure of eight whose half width is seen at 30 degrees from the subject."""
    a, angle = math.tan(math.radians(30.0)), 2.0 * math.pi * s + 0.5 * math.pi
    scale = a * np.cos(angle) / (1.0 + np.sin(angle) ** 2)
    eye = points(scale, scale * np.sin(angle), 0.0)
    return Cameras.of(facing(eye, SUBJECT), eye)


def lens(zoom_factor):
    """Return focal lengths whose angle of view goes evenly to so many times its first."""
    return math.tan(HALF_LENS) / np.tan(HALF_LENS * (1.0 + (zoom_factor - 1.0) * even(FRAMES)))


def moved(direction, distance=0.99, focal=None):
    """Return cameras on a straight line that go on looking at the point 10 units away."""
    eye = points(*(distance * UNIT * even(FRAMES) * axis for axis in DIRECTIONS[direction]))
    return Cameras.of(facing(eye, SUBJECT), eye, focal)


def held(zoom_factor):
    """Return a dolly zoom whose lens ends as theirs does, and which holds the subject's size all the way."""
    distance = 1.0 + (lens(zoom_factor)[-1] - 1.0) * even(FRAMES)
    return Cameras.of(np.eye(3), points(0.0, 0.0, 1.0 - distance), distance)


def rolled(s):
    """Return cameras that roll once, clockwise."""
    return Cameras.of(roll_rotation(2.0 * math.pi * s), np.zeros((FRAMES, 3)))


def loop(name, computes, cameras, tolerance=ROUNDING):
    """Return a move that comes home."""
    theirs, meant = cameras(looping()), cameras(even(FRAMES))
    return PeerMove(f"`{name}`", computes, f"seva-{name}", theirs, meant, "a", tolerance=tolerance)


def zoom(name, factor):
    """Return a zoom by its factor."""
    cameras = Cameras.of(np.eye(3), np.zeros((FRAMES, 3)), lens(factor))
    return PeerMove(f"`{name}`", f"the lens alone, its angle × {factor}, evenly", f"seva-{name}", cameras)


PEER = Peer(
    name="Stable Virtual Camera",
    sources="Stability-AI/stable-virtual-camera, fe19948: seva/geometry.py, demo.py, demo_gr.py, seva/eval.py",
    distance="Its cameras look at a point 10 units away, so `unit` is 10 % of the subject's distance by default; only "
    "the spiral looks at a point of its own, 3.29 units away, which is the subject in ours. Before they reach its "
    "model all positions are scaled anew (`camera_scale`), so its lengths mean nothing without its model.",
    moves=(
        loop("orbit", "an orbit of 360°", orbit),
        loop("spiral", "two turns and once in and out, facing", spiral, WRITTEN),
        loop("lemniscate", "a figure of eight, 60° wide, facing", lemniscate),
        zoom("zoom-in", 0.28),
        zoom("zoom-out", 1.5),
        PeerMove("`dolly zoom-in`", "0.99 units back, the lens's angle × 0.28", "seva-dolly-zoom-in",
                 moved("backward", focal=lens(0.28)), held(0.28), "b", tolerance=WRITTEN),
        PeerMove("`dolly zoom-out`", "0.99 units in, the lens's angle × 1.5", "seva-dolly-zoom-out",
                 moved("forward", focal=lens(1.5)), held(1.5), "b", tolerance=WRITTEN),
        *(
            PeerMove(f"`move-{name}`", f"0.99 units {name}, facing", f"seva-move-{name}", moved(name))
            for name in DIRECTIONS
        ),
        loop("roll", "a roll of 360°", rolled),
    ),
    notes={
        "a": "Made to be looped: its last frame is one step short of the first. Ours ends where it says; for a loop "
        "leave out the last frame.",
        "b": "Its dolly and its lens have nothing to do with each other: the subject becomes 3.5 times as large in "
        "zoom-in, and 0.66 times in zoom-out. Ours ends with the same lens and goes as far as holds the subject's "
        "size in every frame.",
    },
)  # fmt: skip
