"""ReCamMaster's ten cameras, from the numbers of its file.

The file holds poses, no formula. What follows gives all of its 810 cameras to the last digit that it has: 5e-7 in the
axes, 0.05 mm in position. Progress is i / 80.5: the cameras were rendered at twice the rate, over 161 frames.
"""

from __future__ import annotations

import math

import numpy as np

from tests.trajectory.peers.cameras import Cameras, Peer, PeerMove, about_x, about_y, even, facing, points

FRAMES = 81
METRE = 0.25
"""The cameras that turn while they move face a point 4 m in front of the first one."""
SUBJECT = (0.0, 0.0, 1.0)
ARC = math.radians(30.0)


def progress():
    """Return the file's progress, which stops at 160/161."""
    return np.arange(FRAMES) / 80.5


def turned(rotation):
    """Return cameras that stay where they are."""
    return Cameras.of(rotation, np.zeros((FRAMES, 3)))


def moved(position):
    """Return cameras that do not turn."""
    return Cameras.of(np.eye(3), position)


def facing_subject(position):
    """Return cameras that face the point 4 m in front of the first."""
    return Cameras.of(facing(position, SUBJECT), position)


def chord(s, side):
    """Return positions on the straight line between the ends of an arc of 30 degrees."""
    return points(side * 2.0 * METRE * s, 0.0, (1.0 - math.cos(ARC)) * s)


def circle(s, side):
    """Return positions on the arc itself."""
    return points(side * np.sin(ARC * s), 0.0, 1.0 - np.cos(ARC * s))


def move(number, name, computes, preset, cameras, faults="a", meant=None):
    """Return one of the ten: its cameras by progress."""
    return PeerMove(
        f"`--cam_type {number}`, {name}", computes, f"recammaster-{preset}",
        cameras(progress()), (meant or cameras)(even(FRAMES)), faults,
    )  # fmt: skip


PEER = Peer(
    name="ReCamMaster",
    sources="KwaiVGI/ReCamMaster, 39c0dc2: example_test_data/cameras/camera_extrinsics.json, inference_recammaster.py, "
    "vis_cam.py",
    distance="Its lengths are metres. Its cameras that turn while they move face a point 4 m in front of the first, so "
    "`unit`, one of its metres, is 25 % of the subject's distance by default.",
    moves=(
        move(1, "Pan Right", "a pan of 20°", "pan-right", lambda s: turned(about_y(math.radians(20.0) * s))),
        move(2, "Pan Left", "a pan of 20°", "pan-left", lambda s: turned(about_y(-math.radians(20.0) * s))),
        move(3, "Tilt Up", "a tilt of 10°", "tilt-up", lambda s: turned(about_x(math.radians(10.0) * s))),
        move(4, "Tilt Down", "a tilt of 10°", "tilt-down", lambda s: turned(about_x(-math.radians(10.0) * s))),
        move(5, "Zoom In", "a dolly of 2 m; the lens stays", "zoom-in",
             lambda s: moved(points(0, 0, 2 * METRE * s))),
        move(6, "Zoom Out", "a dolly of 2 m back; the lens stays", "zoom-out",
             lambda s: moved(points(0, 0, -2 * METRE * s))),
        move(7, "Translate Up", "1 m up, facing a point 4 m away", "translate-up",
             lambda s: facing_subject(points(0, -METRE * s, 0))),
        move(8, "Translate Down", "1 m down, facing a point 4 m away", "translate-down",
             lambda s: facing_subject(points(0, METRE * s, 0))),
        move(9, "Arc Left", "straight from end to end of an arc of 30°, facing", "arc-left",
             lambda s: facing_subject(chord(s, -1)), "ab", lambda s: facing_subject(circle(s, -1))),
        move(10, "Arc Right", "straight from end to end of an arc of 30°, facing", "arc-right",
             lambda s: facing_subject(chord(s, 1)), "ab", lambda s: facing_subject(circle(s, 1))),
    ),
    notes={
        "a": "It stops at 160/161 of the way. Ours arrives.",
        "b": "Its arc is the straight line between the arc's ends, so that the camera is 3.4 % nearer half way. Ours "
        "is an orbit: the distance stays.",
    },
    unsaid=(
        "Its training set has random paths through one to three points: that is a `spline`, with points of your own.",
    ),
)  # fmt: skip
