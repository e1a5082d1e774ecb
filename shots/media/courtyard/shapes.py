"""Signed distances to simple solids, and noise: what everything in the courtyard is made of."""

from __future__ import annotations

import math

from numba import njit

JIT = {"nogil": True, "error_model": "numpy", "cache": False}
"""No cache on disk: numba's does not notice a change in another module of this package."""


@njit(**JIT)
def box(x: float, y: float, z: float, hx: float, hy: float, hz: float) -> float:
    """Distance to a box about the origin with half sizes hx, hy, hz; negative inside."""
    dx, dy, dz = abs(x) - hx, abs(y) - hy, abs(z) - hz
    ox, oy, oz = max(dx, 0.0), max(dy, 0.0), max(dz, 0.0)
    return math.sqrt(ox * ox + oy * oy + oz * oz) + min(max(dx, dy, dz), 0.0)


@njit(**JIT)
def cylinder(x: float, y: float, z: float, radius: float, half_height: float) -> float:
    """Distance to an upright capped cylinder about the origin."""
    dr, dy = math.sqrt(x * x + z * z) - radius, abs(y) - half_height
    outer_r, outer_y = max(dr, 0.0), max(dy, 0.0)
    return math.sqrt(outer_r * outer_r + outer_y * outer_y) + min(max(dr, dy), 0.0)


@njit(**JIT)
def ellipsoid(x: float, y: float, z: float, rx: float, ry: float, rz: float) -> float:
    """Distance to an ellipsoid about the origin, to first order; never too long near it."""
    k0 = math.sqrt((x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2)
    k1 = math.sqrt((x / (rx * rx)) ** 2 + (y / (ry * ry)) ** 2 + (z / (rz * rz)) ** 2)
    return k0 * (k0 - 1.0) / k1 if k1 > 1e-9 else -min(rx, ry, rz)


@njit(**JIT)
def leaves(x: float, y: float, z: float, scale: float) -> float:
    """Leafy displacement in -1..1 with lumps of about 3 / scale metres."""
    a = math.sin(scale * x + 1.3) * math.sin(scale * y + 0.4) * math.sin(scale * z + 2.1)
    s = 2.3 * scale
    return 0.65 * a + 0.35 * math.sin(s * x + 0.7 * s * y) * math.sin(s * y - 0.6 * s * z) * math.sin(
        s * z + 0.5 * s * x
    )


@njit(**JIT)
def hash3(i: int, j: int, k: int) -> float:
    """A number in 0..1 that depends on three integers and nothing else."""
    h = (i * 374761393 + j * 668265263 + k * 2147483647 + 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return float((h ^ (h >> 15)) & 0xFFFFFF) / 16777215.0


@njit(**JIT)
def noise(x: float, y: float, z: float) -> float:
    """Value noise in 0..1, one lump a unit."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    u, v, w = x - fx, y - fy, z - fz
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    a = hash3(i, j, k) * (1 - u) + hash3(i + 1, j, k) * u
    b = hash3(i, j + 1, k) * (1 - u) + hash3(i + 1, j + 1, k) * u
    c = hash3(i, j, k + 1) * (1 - u) + hash3(i + 1, j, k + 1) * u
    d = hash3(i, j + 1, k + 1) * (1 - u) + hash3(i + 1, j + 1, k + 1) * u
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w


@njit(**JIT)
def cloudy(x: float, y: float, z: float) -> float:
    """Four octaves of noise, 0..1."""
    return (
        0.53 * noise(x, y, z)
        + 0.27 * noise(2.03 * x, 2.03 * y, 2.03 * z)
        + 0.13 * noise(4.1 * x, 4.1 * y, 4.1 * z)
        + 0.07 * noise(8.3 * x, 8.3 * y, 8.3 * z)
    )


@njit(**JIT)
def smoothstep(low: float, high: float, value: float) -> float:
    """0 below low, 1 above high, smooth between."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
