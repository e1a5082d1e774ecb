"""Lamps, the sky, shadows and the film's response to light."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from shots.media.courtyard.place import distance
from shots.media.courtyard.shapes import JIT, cloudy, hash3, smoothstep

LAMPS = np.array(
    [
        # x, y, z of the lamp; red, green, blue at one metre; 1 if it weakens with distance; softness of its shadows
        [-110.0, 150.0, -120.0, 0.13, 0.20, 0.40, 0.0, 7.0],  # the moonlit half of the sky, front left
        [110.0, 66.0, 150.0, 0.80, 0.36, 0.22, 0.0, 9.0],  # afterglow, back right
        [0.35, 1.93, 8.72, 1.45, 0.66, 0.20, 1.0, 9.0],  # gate lamp, left
        [2.85, 1.93, 8.72, 1.45, 0.66, 0.20, 1.0, 9.0],  # gate lamp, right
        [-2.30, 1.70, 7.75, 1.9, 0.80, 0.26, 1.0, 11.0],  # the paper lanterns together
        [2.0, 1.35, 11.5, 2.6, 1.15, 0.36, 1.0, 8.0],  # a light in the garden, seen through the gate
    ]
)
"""Every light but the fox's own."""
LAMP_COUNT = 6
DOME_HEIGHT, DOME_RADIUS = 0.95, 45.0
"""The sky is a sphere round the first camera: far, yet at a depth that 16 bits of millimetres can hold."""


@njit(**JIT)
def shadow(x: float, y: float, z: float, lx: float, ly: float, lz: float, reach: float, softness: float) -> float:
    """How much of a lamp in direction (lx, ly, lz), ``reach`` metres away, the courtyard lets through, 0..1."""
    seen, t = 1.0, 0.03
    for _ in range(72):
        d, _material = distance(x + t * lx, y + t * ly, z + t * lz)
        seen = min(seen, d / min(t / softness, 0.38))  # farther off, distances are only bounds
        if seen < 0.01 or t > reach:
            break
        t += min(max(0.7 * d, 0.02), 1.5)
    return smoothstep(0.0, 1.0, seen)


@njit(**JIT)
def openness(x: float, y: float, z: float, nx: float, ny: float, nz: float) -> float:
    """Ambient visibility of a surface point, 0..1: how far it is from solids along its normal."""
    shut = 0.0
    for i in range(5):
        h = 0.02 + 0.13 * i
        py = y + h * ny
        d, _material = distance(x + h * nx, py, z + h * nz)
        shut += max(h - min(d, max(py, 0.0)), 0.0) * (0.75**i)
    return max(1.0 - 1.15 * shut, 0.0)


@njit(**JIT)
def sky(dx: float, dy: float, dz: float) -> tuple[float, float, float]:
    """Light of the dusk sky from a unit direction: afterglow, cloud bands, a moon and a few stars."""
    up = max(dy, 0.0)
    toward_glow = 0.5 + 0.5 * (0.62 * dx + 0.78 * dz) / math.sqrt(dx * dx + dz * dz + 1e-9)
    glow = toward_glow**3
    low, mid = math.exp(-6.5 * up), math.exp(-2.6 * up)
    r = 0.012 + 0.075 * mid * (0.35 + 0.6 * glow) + low * (0.10 + 1.05 * glow)
    g = 0.032 + 0.10 * mid * (0.60 + 0.3 * glow) + low * (0.05 + 0.36 * glow)
    b = 0.110 + 0.22 * mid * (0.9 - 0.55 * glow) + low * (0.10 - 0.05 * glow)
    stretch = 1.0 / (up + 0.16)
    band = cloudy(2.0 * dx * stretch + 7.0, 5.0 * dy * stretch, 1.3 * dz * stretch + 3.0)
    band = smoothstep(0.50, 0.72, band) * smoothstep(0.0, 0.12, up) * 0.75
    r += band * (0.10 + 0.30 * glow)
    g += band * (0.05 + 0.10 * glow)
    b += band * (0.07 + 0.06 * glow)
    mx, my, mz = -0.1915, 0.2585, 0.9469
    off = math.acos(min(dx * mx + dy * my + dz * mz, 1.0))
    bx, by, bz = -0.1745, 0.2680, 0.9475
    bite = math.acos(min(dx * bx + dy * by + dz * bz, 1.0))
    disc = smoothstep(0.0285, 0.0265, off) * (0.06 + 0.94 * smoothstep(0.0240, 0.0290, bite))
    halo = 0.22 * math.exp(-off * off / 0.006)
    r, g, b = r + 1.5 * disc + 0.8 * halo, g + 1.42 * disc + 0.85 * halo, b + 1.2 * disc + halo
    cell = 46.0
    i, j = math.floor(cell * dx / max(dz, 0.2)), math.floor(cell * dy / max(dz, 0.2))
    if hash3(int(i), int(j), 5) > 0.86:
        u = cell * dx / max(dz, 0.2) - i - 0.2 - 0.6 * hash3(int(i), int(j), 6)
        v = cell * dy / max(dz, 0.2) - j - 0.2 - 0.6 * hash3(int(i), int(j), 7)
        star = math.exp(-(u * u + v * v) * 420.0) * smoothstep(0.16, 0.34, up) * (0.3 + 0.7 * hash3(int(i), int(j), 8))
        r, g, b = r + 0.9 * star, g + 0.95 * star, b + star
    return r, g, b
