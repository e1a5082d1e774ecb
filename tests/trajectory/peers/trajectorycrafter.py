"""TrajectoryCrafter's cameras: world-to-camera matrices Tz(R) Ry(phi) Rx(theta) T(-x, y, -(R + r R))."""

from __future__ import annotations

import numpy as np

from ex4d.geometry.se3 import rigid
from tests.trajectory.peers.cameras import Cameras, Peer, PeerMove, about_x, about_y, even, points

FRAMES = 49
UNIT = 0.25
"""One of its depth units in subject distances; its radius R is one subject distance."""


def shifted(right=0.0, down=0.0, inward=0.0):
    """Return translations."""
    offset = points(right, down, inward)
    return rigid(np.broadcast_to(np.eye(3), (*offset.shape[:-1], 3, 3)), offset)


def turned(rotation):
    """Return turns as poses."""
    return rigid(rotation, np.zeros((len(rotation), 3)))


def poses(theta, phi, r, x, y):
    """Return the cameras of targets in degrees, shares of R and depth units, one of each a frame."""
    there = shifted(-x * UNIT, y * UNIT, -(1.0 + r))
    camera_from_world = shifted(0, 0, 1) @ turned(about_y(np.radians(phi))) @ turned(about_x(np.radians(theta))) @ there
    return Cameras.relative(np.linalg.inv(camera_from_world))


def target(theta=0.0, phi=0.0, r=0.0, x=0.0, y=0.0):
    """Return the cameras of ``--camera target``: every number grows evenly."""
    return poses(*(value * even(FRAMES) for value in (theta, phi, r, x, y)))


def orbited(theta=0.0, phi=0.0, r=0.0, x=0.0, y=0.0):
    """Return what the same five numbers mean round a fixed subject with a level horizon.

    The camera is moved by r and x, then turned about the subject, elevation first, then lifted by y.
    """
    s = even(FRAMES)
    turn = about_y(-np.radians(phi) * s) @ about_x(-np.radians(theta) * s)
    arm = points(x * UNIT * s, 0.0, r * s - 1.0)
    place = np.einsum("fij,fj->fi", turn, arm) + points(0.0, -y * UNIT * s, 1.0)
    return Cameras.of(turn, place)


def button(name, computes, preset, **numbers):
    """Return a button of its demo page."""
    return PeerMove(name, computes, f"trajectorycrafter-{preset}", target(**numbers))


def asked(theta, phi, r, x, y, computes, faults):
    """Return five numbers of one's own."""
    numbers = {"theta": theta, "phi": phi, "r": r, "x": x, "y": y}
    given = {"theta": f"{theta}deg", "phi": f"{phi}deg", "r": f"{r * 100:g}%", "x": f"{x}", "y": f"{y}"}
    meant = orbited(**numbers) if faults else None
    typed = f"`--target_pose {theta} {phi} {r} {x} {y}`"
    return PeerMove(typed, computes, "trajectorycrafter-target", target(**numbers), meant, faults, given)


PEER = Peer(
    name="TrajectoryCrafter",
    sources="TrajectoryCrafter/TrajectoryCrafter, d2f795f: models/utils.py, demo.py, gradio_app.py, models/infer.py",
    distance="Its angles turn about a point at R = min(depth in the middle, 5), and `r` is a share of R. In ours R is "
    "the subject's distance, whether or not that is beyond 5. `x` and `y` are units of its own depth, where the "
    "nearest thing of a video is 2.6 away; `unit`, one of them, is 25 % of the subject's distance by default, between "
    "the 39 % of a subject nearest of all and the 20 % of one at 5.",
    moves=(
        button("Orbit Left", "an orbit of 30°", "orbit-left", phi=-30),
        button("Orbit Right", "an orbit of 30°", "orbit-right", phi=30),
        button("Orbit Up", "an orbit of 30°", "orbit-up", theta=30),
        button("Orbit Down", "an orbit of 20°", "orbit-down", theta=-20),
        button("Pan Left", "a truck of 2 units", "pan-left", x=-2),
        button("Pan Right", "a truck of 2 units", "pan-right", x=2),
        button("Pan Up", "a pedestal of 2 units", "pan-up", y=2),
        button("Pan Down", "a pedestal of 2 units", "pan-down", y=-2),
        button("Zoom in", "a dolly of half the way", "zoom-in", r=0.5),
        button("Zoom out", "a dolly back by half the distance", "zoom-out", r=-0.5),
        asked(0, 0, 0.3, 1, 1, "right, up and in without turning", ""),
        asked(30, 30, 0, 0, 0, "an orbit whose horizon rolls by 14.5°", "a"),
        asked(0, 30, 0.5, 0, 0, "an orbit about a point half way behind the subject", "b"),
        asked(20, 30, 0.3, 1, 1, "all at once", "ab"),
    ),
    notes={
        "a": "It turns about the first camera's axes, elevation last, so that theta and phi together roll the horizon: "
        "by 14.5° at 30 and 30. Ours is level in every frame.",
        "b": "What it turns about moves along with r, x and y, so that the subject leaves its place in frame. Ours "
        "turns about the subject: r and x move the camera before it is turned, y lifts it after.",
    },
    unsaid=(
        "Its `--camera traj` draws a smoothing spline through your numbers, which passes them by up to 2.3° (its own "
        "`loop2.txt`) and jumps at the ends: write orbits with windows, or a `spline`, which goes through every key.",
        "Its mode `zoom`, whose lens goes from 500 px to 250 px while r goes to 0.5, holds the subject's size exactly: "
        "it is `dolly-zoom: {in: 50%}` with `ease: linear`.",
    ),
)
