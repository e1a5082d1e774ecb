"""Uni3C's cameras: camera-to-world matrices Ry(phi) Rx(theta) times the first, offset and scaled, about a point.

The first camera stands at the subject's distance and is raised by ``start_elevation``, 5 degrees: it takes every
source to have looked down by that.
"""

from __future__ import annotations

import math

import numpy as np

from ex4d.geometry.se3 import rigid
from tests.trajectory.peers.cameras import ROUNDING, Cameras, Differences, Peer, PeerMove, about_x, about_y, even

FRAMES = 81
ELEVATION_DEG = 5.0
SWING_PHI = {1: (0, -5, -25, -30, -20, -8, 0), 2: (0, 5, 25, 30, 20, 10, 0)}
SWING_THETA = {
    1: (0, -8, -12, -20, -17, -12, -5, -2, 1, 5, 3, 1, 0),
    2: (0, -5, -14, -11, 0, 1, 5, 3, 0),
}  # fmt: skip
SWING_RADIUS = {1: (0, 0.2), 2: (0, -0.03, -0.1, -0.2, -0.17, -0.1, 0)}


def cameras(theta, phi, radius, offset, focal=None, elevation=ELEVATION_DEG):
    """Return the cameras of angles in degrees, factors of the radius and offsets in radii, one of each a frame."""
    turn = about_y(np.radians(phi)) @ about_x(np.radians(theta - elevation))
    place = (np.einsum("fij,j->fi", turn, [0.0, 0.0, -1.0]) + offset) * radius[:, None]
    return Cameras.relative(rigid(turn, place), focal)


def free(theta=0.0, phi=0.0, radius=1.0, offset=(0.0, 0.0, 0.0), focal=1.0, late=True, elevation=ELEVATION_DEG):
    """Return the cameras of ``custom`` and ``free1`` to ``free5``: offsets and lens lag behind, as released."""
    s = even(FRAMES)
    lagging = np.arange(FRAMES) / FRAMES if late else s
    lens, growth = 1.0 + (focal - 1.0) * lagging, 1.0 + (radius - 1.0) * s
    return cameras(theta * s, phi * s, growth, np.outer(lagging, offset), lens, elevation)


def smoothed(keys, *, ends=True):
    """Return what is drawn through keys: a smoothing spline, its ends put right; two keys are joined by a line."""
    from scipy.interpolate import UnivariateSpline

    at = even(len(keys))
    if len(keys) < 3:
        return np.interp(even(FRAMES), at, keys)
    drawn = UnivariateSpline(at, keys, k=3)(even(FRAMES))
    if ends:
        drawn[0], drawn[-1] = keys[0], keys[-1]
    return drawn


def through(keys):
    """Return straight lines from key to key."""
    return np.interp(even(FRAMES), even(len(keys)), keys)


def swung(number):
    """Return a swing as released: the second frame has the first key, and the last key is never reached."""
    theta, phi = (np.append(0.0, smoothed(keys[number])[:-1]) for keys in (SWING_THETA, SWING_PHI))
    radius = np.append(0.0, smoothed(SWING_RADIUS[number], ends=False)[:-1])
    return cameras(theta, phi, 1.0 + radius, np.zeros((FRAMES, 3)))


def keyed(number):
    """Return a swing that is at every key when it should be."""
    theta, phi, radius = (through(keys[number]) for keys in (SWING_THETA, SWING_PHI, SWING_RADIUS))
    return cameras(theta, phi, 1.0 + radius, np.zeros((FRAMES, 3)))


def move(name, computes, faults="", given=None, preset="", tolerance=ROUNDING, **numbers):
    """Return one of the moves of evenly growing numbers."""
    return PeerMove(
        name, computes, f"uni3c-{preset}", free(**numbers), free(**numbers, late=False) if faults else None, faults,
        given or {}, ELEVATION_DEG, tolerance,
    )  # fmt: skip


def swings(number, computes):
    """Return a swing; what is meant goes straight from key to key, and nobody swings so."""
    return PeerMove(
        f"`swing{number}`", computes, f"uni3c-swing{number}", swung(number), keyed(number), "c", {}, ELEVATION_DEG,
        Differences(2.5, 0.045, 0.0),
    )  # fmt: skip


FREE2 = {"phi": -60.0, "offset": (-0.05, 0.0, 0.0)}
CUSTOM = {"theta": -10.0, "phi": 30.0, "radius": 1.4, "offset": (0.1, -0.1, 0.2), "focal": 1.5}
CUSTOM_GIVEN = {
    "d_r": "1.4", "d_theta": "-10deg", "d_phi": "30deg", "x_offset": "10%", "y_offset": "-10%", "z_offset": "20%",
    "focal_length": "1.5",
}  # fmt: skip


def slanted(offset, radius=1.0):
    """Return how far an offset is elsewhere that follows the source's axes where theirs follows the vertical."""
    return Differences(1e-9, radius * float(np.linalg.norm(offset)) * math.radians(ELEVATION_DEG), 1e-12)


PEER = Peer(
    name="Uni3C",
    sources="ewrfcas/Uni3C, 22bcec5: src/utils.py, cam_render.py",
    distance="It turns about a point on the source's axis at the median depth of the foreground: the subject's "
    "distance, of which `d_r` and its offsets are shares. It takes every source to have looked down by 5° "
    "(`--start_elevation`), so the rows compare with `source.tilt: 5deg`.",
    moves=(
        move("`custom`, `d_phi -60` alone", "an orbit of 60°", given={"d_phi": "-60deg"}, preset="custom", phi=-60.0),
        move(
            "`custom`, all seven",
            "an orbit that recedes and slides, the lens × 1.5",
            "ab",
            CUSTOM_GIVEN,
            "custom",
            slanted((0.1, -0.1, 0.2), 1.4),
            **CUSTOM,
        ),
        move("`free1`", "back, up 15° and left 45°", preset="free1", theta=-15.0, phi=45.0, radius=1.6),
        move(
            "`free2`",
            "right 60°, 0.05 to the left",
            "ab",
            preset="free2",
            tolerance=slanted((-0.05, 0.0, 0.0)),
            **FREE2,
        ),
        move("`free3`", "back, 0.25 to the left", "a", preset="free3", radius=1.7, offset=(-0.25, 0.0, 0.0)),
        move("`free4`", "closer, up 15° and right 60°", preset="free4", theta=-15.0, phi=-60.0, radius=0.75),
        move("`free5`", "back, up 15° and right 120°", preset="free5", theta=-15.0, phi=-120.0, radius=1.6),
        swings(1, "right and home, up and down, back"),
        swings(2, "left and home, up and down, closer and back"),
        move("`orbit`", "an orbit of 360°", preset="orbit", phi=-360.0),
    ),
    notes={
        "a": "Its offsets and its lens go i/n of the way while its angles and its distance go i/(n - 1): the first "
        "stop at 80/81. Ours all arrive together.",
        "b": "Its offsets follow the vertical that it takes for granted, ours the axes of the source view. The "
        "horizon is level by the same vertical in both.",
        "c": "It draws a smoothing spline, which passes the keys of its swings by up to 1.9°; it has the first key "
        "twice and never comes home. Ours is a sum of eased orbits from one turning point to the next: there it is "
        "exact, at the keys between within 2.1°, and it comes home.",
    },
)
