"""GEN3C's cameras: world-to-camera matrices whose rows look at a point, with minus the position beside them."""

from __future__ import annotations

import math

import numpy as np

from ex4d.geometry.se3 import rigid
from tests.trajectory.peers.cameras import Cameras, Peer, PeerMove, even, facing, points

FRAMES = 121
DISTANCE = 0.3
CENTER = np.array([0.0, 0.0, 1.0])
"""At center_depth = 1.0: the subject."""
LOOKS_AT = {
    "center_facing": lambda place: CENTER,
    "no_rotation": lambda place: CENTER + place,
    "trajectory_aligned": lambda place: CENTER + 2.0 * place,
}
LINES = {
    "left": (-1, 0, 0), "right": (1, 0, 0), "up": (0, -1, 0), "down": (0, 1, 0),
    "zoom_in": (0, 0, 1), "zoom_out": (0, 0, -1),
}  # fmt: skip
WORDS = {
    "left": "a truck", "right": "a truck", "up": "a pedestal", "down": "a pedestal", "zoom_in": "a dolly",
    "zoom_out": "a dolly", "clockwise": "once round a circle", "counterclockwise": "once round a circle",
}  # fmt: skip


def line(name, s, distance=DISTANCE):
    """Return the positions it asks for on a straight line."""
    return points(*(distance * s * axis for axis in LINES[name]))


def circle(name, s, distance=DISTANCE):
    """Return the positions it asks for on a circle that begins at the source view and goes down first."""
    side = 1.0 if name == "clockwise" else -1.0
    angle = 2.0 * math.pi * s
    return points(side * distance * (np.cos(angle) - 1.0), distance * np.sin(angle), 0.0)


def released(place, rotation_mode):
    """Return what it computes: the position is not turned into the camera's axes before it is written down."""
    world_from_camera = facing(place, LOOKS_AT[rotation_mode](place))
    camera_from_world = rigid(np.swapaxes(world_from_camera, -1, -2), -place)
    return Cameras.relative(np.linalg.inv(camera_from_world))


def asked(place, rotation_mode):
    """Return the cameras it asks for: there, looking there."""
    return Cameras.of(facing(place, LOOKS_AT[rotation_mode](place)), place)


def move(name, mode="center_facing"):
    """Return one of its moves in one of its modes."""
    preset = f"gen3c-{name.replace('_', '-')}" + ("-aligned" if mode == "trajectory_aligned" else "")
    round_trip = name not in LINES
    places = circle if round_trip else line
    late = even(FRAMES) if round_trip else np.arange(FRAMES) / FRAMES
    turns = mode != "no_rotation" and not name.startswith("zoom")
    looks = {"center_facing": "facing", "no_rotation": "not turning", "trajectory_aligned": "turning the same way"}
    faults = ("" if round_trip else "a") + ("b" if turns else "")
    typed = f"`{name}`" + ("" if mode == "center_facing" else f", `{mode}`")
    return PeerMove(
        typed, f"{WORDS[name]} of 0.3, {looks[mode]}", preset,
        released(places(name, late), mode), asked(places(name, even(FRAMES)), mode) if faults else None, faults,
        {"facing": "0"} if mode == "no_rotation" else {},
    )  # fmt: skip


SIDEWAYS = ("left", "right", "up", "down", "clockwise", "counterclockwise")
PEER = Peer(
    name="GEN3C",
    sources="nv-tlabs/GEN3C, db2ffe1: cosmos_predict1/diffusion/inference/camera_utils.py, gen3c_dynamic.py",
    distance="Its lengths are `--movement_distance` times `center_depth`, which its programs set to 1.0 whatever the "
    "scene; it faces the point at that depth. `unit`, that depth, is 100 % of the subject's distance by default.",
    moves=(
        *(move(name) for name in WORDS),
        *(move(name, "no_rotation") for name in ("right", "up", "clockwise")),
        *(move(name, "trajectory_aligned") for name in SIDEWAYS),
    ),
    notes={
        "a": "It goes i/n of the way, so that it stops one frame short. Ours arrives.",
        "b": "It writes minus the position where minus the turned position belongs, so that the camera stands "
        "elsewhere and its look-at misses: asked for (0.3, 0, 0) it is at (0.287, 0, 0.086), and 0.8° off; asked for "
        "1, 22.5° off. Ours stands where it was asked to and keeps the subject in its place.",
    },
    unsaid=(
        "`no_rotation` is `facing: 0`; with `zoom_in` and `zoom_out` all three modes are the same.",
    ),
)  # fmt: skip
