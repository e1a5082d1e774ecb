"""The fox with the lantern: a figure of rounded cones melted into each other, posed by the time alone."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64
from numba import njit

from shots.media.courtyard.shapes import JIT

SPEED = 0.38
"""Metres a second."""
STEP_S = 0.9
"""Seconds a full cycle of both feet."""
FUR, CREAM, DARK, SCARF, BLACK, STICK, METAL = (
    (0.72, 0.235, 0.045),
    (0.86, 0.74, 0.58),
    (0.075, 0.04, 0.03),
    (0.035, 0.26, 0.30),
    (0.012, 0.011, 0.012),
    (0.20, 0.11, 0.06),
    (0.07, 0.06, 0.05),
)
LANTERN_PARTS = 4
"""The last parts of the figure: the lantern, which does not shade its own light."""
LANTERN_LIGHT = np.array([1.9, 0.88, 0.26])
"""Red, green, blue of the fox's lantern at one metre."""
BOUND_HEIGHT, BOUND_RADIUS = 0.66, 0.95
"""A sphere about the fox's feet, lifted by the height, holds all of it."""

Point = tuple[float, float, float]
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Pose:
    """The fox at one moment."""

    parts: Float64[np.ndarray, "parts 17"]
    """Rounded cones: centre and radius of either end, melting width, colour, glow, a sphere round it."""
    center: Float64[np.ndarray, "3"]
    """Middle of the sphere that holds the whole fox."""
    lantern: Float64[np.ndarray, "3"]
    """Where its light comes from."""


@dataclass
class _Figure:
    """Collects parts given in the fox's own axes (forward, up, toward the viewer's side)."""

    feet: Point
    heading: float
    rows: list[list[float]] = field(default_factory=list)

    def world(self, p: Point) -> Point:
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        return (self.feet[0] + p[0] * cos - p[2] * sin, p[1], self.feet[2] - p[0] * sin - p[2] * cos)

    def add(
        self, a: Point, ra: float, b: Point, rb: float, colour: Colour, melt: float = 0.03, glow: float = 0.0
    ) -> None:
        self.rows.append([*self.world(a), ra, *self.world(b), rb, melt, *colour, glow])


def _turned(p: Point, pivot: Point, yaw: float, nod: float) -> Point:
    """Turn a point of the head about the neck: nod first, then yaw toward the viewer's side."""
    x, y, z = p[0] - pivot[0], p[1] - pivot[1], p[2] - pivot[2]
    x, y = x * math.cos(nod) - y * math.sin(nod), x * math.sin(nod) + y * math.cos(nod)
    x, z = x * math.cos(yaw) - z * math.sin(yaw), x * math.sin(yaw) + z * math.cos(yaw)
    return (x + pivot[0], y + pivot[1], z + pivot[2])


def _foot(phase: float) -> tuple[float, float]:
    """Where a foot is in its cycle (0..1): (forward, up); on the ground it moves back exactly as the body moves on."""
    reach = SPEED * STEP_S / 4.0
    phase %= 1.0
    if phase < 0.5:
        return reach * (1.0 - 4.0 * phase), 0.0
    swing = (phase - 0.5) * 2.0
    return -reach * math.cos(math.pi * swing), 0.085 * math.sin(math.pi * swing) ** 2


def _legs(figure: _Figure, cycle: float, bob: float) -> None:
    for side, shift in ((1.0, 0.0), (-1.0, 0.5)):
        forward, up = _foot(cycle + shift)
        hip, ankle = (-0.02, 0.36 + bob, 0.085 * side), (forward - 0.03, 0.085 + up, 0.085 * side)
        knee = (0.5 * (hip[0] + ankle[0]) + 0.05, 0.5 * (hip[1] + ankle[1]) + 0.02, 0.09 * side)
        figure.add(hip, 0.095, knee, 0.072, FUR, 0.04)
        figure.add(knee, 0.07, ankle, 0.055, DARK, 0.02)
        figure.add((ankle[0], 0.052 + up, ankle[2]), 0.052, (ankle[0] + 0.11, 0.045 + up, ankle[2]), 0.045, DARK, 0.02)


def _body(figure: _Figure, bob: float) -> None:
    figure.add((-0.03, 0.43 + bob, 0.0), 0.175, (0.02, 0.66 + bob, 0.0), 0.115, FUR, 0.04)
    figure.add((0.06, 0.46 + bob, 0.0), 0.128, (0.075, 0.64 + bob, 0.0), 0.085, CREAM, 0.025)


def _tail(figure: _Figure, time_s: float, bob: float) -> None:
    sway = 0.13 * math.sin(2.0 * math.pi * time_s / (2.0 * STEP_S))
    lift = 0.03 * math.sin(2.0 * math.pi * time_s / STEP_S + 0.8)
    spine: list[Point] = [
        (-0.15, 0.40 + bob, 0.0),
        (-0.30, 0.36 + bob + 0.3 * lift, 0.25 * sway),
        (-0.45, 0.42 + 0.6 * lift, 0.6 * sway),
        (-0.55, 0.56 + 0.9 * lift, 0.9 * sway),
        (-0.57, 0.72 + lift, 1.1 * sway),
        (-0.53, 0.84 + lift, 1.2 * sway),
    ]
    radii = (0.055, 0.10, 0.135, 0.14, 0.10, 0.03)
    for i in range(5):
        figure.add(spine[i], radii[i], spine[i + 1], radii[i + 1], CREAM if i > 2 else FUR, 0.06)


def _head(figure: _Figure, time_s: float, bob: float) -> None:
    yaw = 0.30 + 0.16 * math.sin(2.0 * math.pi * time_s / 3.6 - 0.6)
    nod = 0.05 * math.sin(2.0 * math.pi * time_s / (STEP_S / 2.0) + 0.7) - 0.03
    neck = (0.03, 0.76 + bob, 0.0)

    def put(a: Point, ra: float, b: Point, rb: float, colour: Colour, melt: float = 0.03) -> None:
        ends = [_turned((p[0], p[1] + bob, p[2]), neck, yaw, nod) for p in (a, b)]
        figure.add(ends[0], ra, ends[1], rb, colour, melt)

    put((0.02, 0.93, -0.045), 0.185, (0.02, 0.93, 0.045), 0.185, FUR, 0.05)
    put((0.15, 0.875, 0.0), 0.10, (0.335, 0.845, 0.0), 0.042, FUR, 0.05)
    for side in (1.0, -1.0):
        put((0.11, 0.845, 0.095 * side), 0.10, (0.02, 0.82, 0.20 * side), 0.032, CREAM, 0.03)
        put((-0.01, 1.05, 0.105 * side), 0.085, (-0.03, 1.235, 0.155 * side), 0.022, FUR, 0.03)
        put((0.045, 1.06, 0.112 * side), 0.05, (0.005, 1.17, 0.145 * side), 0.018, DARK, 0.012)
        put((0.172, 0.945, 0.088 * side), 0.031, (0.172, 0.965, 0.088 * side), 0.031, BLACK, 0.0)
        put((0.198, 0.968, 0.088 * side), 0.009, (0.199, 0.969, 0.089 * side), 0.009, (1.0, 1.0, 1.0), 0.0)
    put((0.17, 0.845, 0.0), 0.085, (0.32, 0.822, 0.0), 0.036, CREAM, 0.02)
    put((0.368, 0.862, 0.0), 0.034, (0.372, 0.86, 0.0), 0.032, BLACK, 0.008)


def _scarf(figure: _Figure, time_s: float, bob: float) -> None:
    ring = [
        (0.03 + 0.10 * math.cos(a), 0.745 + bob + 0.015 * math.cos(a), 0.115 * math.sin(a))
        for a in np.linspace(0, 2 * np.pi, 9)
    ]
    for a, b in itertools.pairwise(ring):
        figure.add(a, 0.056, b, 0.056, SCARF, 0.02)
    flap = 0.05 * math.sin(2.0 * math.pi * time_s / STEP_S + 1.0)
    knot = (-0.07, 0.73 + bob, 0.08)
    middle = (-0.17, 0.64 + bob + 0.4 * flap, 0.13)
    figure.add(knot, 0.05, middle, 0.05, SCARF, 0.02)
    figure.add(middle, 0.05, (-0.27, 0.58 + bob + flap, 0.14 + 0.5 * flap), 0.062, SCARF, 0.02)


def _arms_and_lantern(figure: _Figure, time_s: float, bob: float) -> Point:
    swing = math.sin(2.0 * math.pi * time_s / STEP_S)
    figure.add((0.0, 0.65 + bob, -0.12), 0.062, (0.02 - 0.10 * swing, 0.46 + bob, -0.16), 0.052, FUR, 0.03)
    figure.add(
        (0.02 - 0.10 * swing, 0.46 + bob, -0.16), 0.052, (0.06 - 0.13 * swing, 0.40 + bob, -0.15), 0.05, DARK, 0.02
    )
    hand = (0.28, 0.57 + bob, 0.13)
    figure.add((0.02, 0.65 + bob, 0.12), 0.062, (0.14, 0.54 + bob, 0.17), 0.052, FUR, 0.03)
    figure.add((0.14, 0.54 + bob, 0.17), 0.052, hand, 0.052, DARK, 0.02)
    tip = (0.60, 0.98 + bob, 0.10)
    figure.add((0.20, 0.47 + bob, 0.135), 0.024, tip, 0.024, STICK, 0.0)
    away = 0.17 * math.sin(2.0 * math.pi * time_s / STEP_S - 0.9)

    def hang(down: float) -> Point:
        return (tip[0] + down * math.sin(away), tip[1] - down * math.cos(away), tip[2])

    figure.add(hang(0.0), 0.03, hang(0.12), 0.024, METAL, 0.0)
    figure.add(hang(0.135), 0.03, hang(0.175), 0.082, METAL, 0.01)
    figure.add(hang(0.235), 0.076, hang(0.295), 0.076, (1.0, 0.62, 0.24), 0.0, glow=1.9)
    figure.add(hang(0.36), 0.068, hang(0.375), 0.05, METAL, 0.01)
    return hang(0.27)


def _bounded(rows: Float64[np.ndarray, "parts 13"]) -> Float64[np.ndarray, "parts 17"]:
    """Append to each part a sphere that holds it, with its melting width."""
    ends = rows[:, 4:7] - rows[:, :3]
    reach = 0.5 * np.linalg.norm(ends, axis=1) + np.maximum(rows[:, 3], rows[:, 7]) + rows[:, 8]
    return np.column_stack([rows, rows[:, :3] + 0.5 * ends, reach])


def pose(time_s: float) -> Pose:
    """Return the fox at a time in seconds; it walks to the right and a little nearer for as long as asked."""
    feet = (-0.96 + SPEED * time_s, 0.0, 4.24 - 0.07 * time_s)
    figure = _Figure(feet, heading=0.42)
    cycle = time_s / STEP_S
    bob = 0.022 * math.sin(4.0 * math.pi * cycle + 0.6)
    _legs(figure, cycle, bob)
    _body(figure, bob)
    _tail(figure, time_s, bob)
    _scarf(figure, time_s, bob)
    _head(figure, time_s, bob)
    lantern = _arms_and_lantern(figure, time_s, bob)
    center = np.array([feet[0], BOUND_HEIGHT, feet[2]])
    return Pose(_bounded(np.array(figure.rows)), center, np.array(figure.world(lantern)))


@njit(**JIT)
def _cone(x: float, y: float, z: float, part: np.ndarray) -> float:
    """Distance to a rounded cone: the hull of two spheres of different radii."""
    bx, by, bz = part[4] - part[0], part[5] - part[1], part[6] - part[2]
    px, py, pz = x - part[0], y - part[1], z - part[2]
    length2 = bx * bx + by * by + bz * bz
    shrink = part[3] - part[7]
    if length2 <= shrink * shrink + 1e-12:
        return math.sqrt(px * px + py * py + pz * pz) - max(part[3], part[7])
    length = math.sqrt(length2)
    along = (px * bx + py * by + pz * bz) / length
    aside = math.sqrt(max(px * px + py * py + pz * pz - along * along, 0.0))
    slope = shrink / length
    straight = math.sqrt(1.0 - slope * slope)
    foot = along - aside * slope / straight
    if foot <= 0.0:
        return math.sqrt(aside * aside + along * along) - part[3]
    if foot >= length:
        return math.sqrt(aside * aside + (along - length) ** 2) - part[7]
    return aside * straight + along * slope - part[3]


@njit(**JIT)
def fox_distance(x: float, y: float, z: float, parts: np.ndarray) -> float:
    """Distance to the fox, all parts melted together."""
    d = 1e3
    for i in range(parts.shape[0]):
        mx, my, mz = x - parts[i, 13], y - parts[i, 14], z - parts[i, 15]
        if mx * mx + my * my + mz * mz > (max(d, 0.0) + parts[i, 16]) ** 2:
            continue
        near = _cone(x, y, z, parts[i])
        melt = parts[i, 8]
        if near < d + melt:
            if melt > 0.0:
                h = min(max(0.5 + 0.5 * (d - near) / melt, 0.0), 1.0)
                d = d + (near - d) * h - melt * h * (1.0 - h)
            else:
                d = min(d, near)
    return d


@njit(**JIT)
def fox_colour(x: float, y: float, z: float, parts: np.ndarray) -> tuple[float, float, float, float]:
    """Reflectance and glow at a point of the fox, blended where parts melt."""
    d, r, g, b, glow = 1e3, 0.0, 0.0, 0.0, 0.0
    for i in range(parts.shape[0]):
        near = _cone(x, y, z, parts[i])
        melt = max(0.5 * parts[i, 8], 1e-4)
        h = min(max(0.5 + 0.5 * (d - near) / melt, 0.0), 1.0)
        d = d + (near - d) * h - melt * h * (1.0 - h)
        r, g, b = r + (parts[i, 9] - r) * h, g + (parts[i, 10] - g) * h, b + (parts[i, 11] - b) * h
        glow += (parts[i, 12] - glow) * h
    return r, g, b, glow
