"""What the courtyard's solids look like: colour, relief and glow at a point."""

from __future__ import annotations

import math

from numba import njit

from shots.media.courtyard.place import (
    ARCH_SPRING,
    ARCH_X,
    BLOSSOM,
    BRICK,
    CLAY,
    CYPRESS,
    GLOW,
    HILL,
    IRON,
    LEAF,
    PANE,
    PAPER,
    PAVING,
    PLASTER,
    STONE,
    TILE,
    WATER,
    WOOD,
)
from shots.media.courtyard.shapes import JIT, cloudy, hash3, noise, smoothstep


@njit(**JIT)
def masonry(u: float, v: float, course: float, length: float, joint: float) -> tuple[float, float]:
    """Relief 0..1 (0 in the joints) and the stone's own number 0..1 of a wall of rough courses."""
    row = math.floor(v / course)
    shift = hash3(int(row), 11, 3) * length
    size = length * (0.85 + 0.3 * hash3(int(row), 5, 9))
    column = math.floor((u + shift) / size)
    own = hash3(int(row), int(column), 17)
    a = (u + shift) - column * size
    b = v - row * course
    edge = min(a, size - a, b, course - b) + 0.012 * (noise(13.0 * u, 13.0 * v, own * 9.0) - 0.5)
    return smoothstep(0.1 * joint, joint, edge), own


@njit(**JIT)
def _relief(u: float, v: float, kind: int) -> tuple[float, float]:
    """Height in metres of a wall's or the paving's surface, and the number of the stone there."""
    if kind == PAVING:
        top, own = masonry(u, v, 0.62, 0.78, 0.035)
        return 0.016 * top + 0.012 * noise(5.0 * u, 5.0 * v, 20.0 * own) + 0.004 * noise(31.0 * u, 31.0 * v, 1.0), own
    if kind == BRICK:
        top, own = masonry(u, v, 0.205, 0.46, 0.03)
        return 0.02 * top + 0.02 * noise(9.0 * u, 9.0 * v, 30.0 * own) + 0.012 * own, own
    if kind == TILE:
        return 0.025 * abs(math.sin(26.0 * u)) + 0.03 * (math.floor(v * 8.0) - v * 8.0), 0.5
    if kind == WOOD:
        return 0.01 * noise(4.0 * u, 30.0 * v, 2.0), 0.5
    return 0.006 * noise(12.0 * u, 12.0 * v, 4.0) + 0.012 * noise(4.0 * u, 4.0 * v, 8.0), 0.5


@njit(**JIT)
def carve(
    x: float, y: float, z: float, nx: float, ny: float, nz: float, kind: int
) -> tuple[float, float, float, float]:
    """The normal tilted by the surface's fine relief, and the stone's number; depth is untouched by it."""
    e = 0.008
    if abs(ny) > 0.7:
        ux, uz, vx, vy, vz = 1.0, 0.0, 0.0, 0.0, 1.0
    elif abs(nz) > abs(nx):
        ux, uz, vx, vy, vz = 1.0, 0.0, 0.0, 1.0, 0.0
    else:
        ux, uz, vx, vy, vz = 0.0, 1.0, 0.0, 1.0, 0.0
    u = x * ux + z * uz
    v = x * vx + y * vy + z * vz
    here, own = _relief(u, v, kind)
    du = (_relief(u + e, v, kind)[0] - here) / e
    dv = (_relief(u, v + e, kind)[0] - here) / e
    mx, my, mz = nx - du * ux - dv * vx, ny - dv * vy, nz - du * uz - dv * vz
    norm = math.sqrt(mx * mx + my * my + mz * mz)
    return mx / norm, my / norm, mz / norm, own


@njit(**JIT)
def colour(  # noqa: PLR0911, PLR0912 - one branch a material
    x: float, y: float, z: float, ny: float, own: float, kind: int
) -> tuple[float, float, float, float, float]:
    """Reflectance (red, green, blue), glow strength and gloss of the material at a point."""
    rough = cloudy(1.7 * x, 1.7 * y, 1.7 * z)
    fine = cloudy(9.0 * x, 9.0 * y, 9.0 * z)
    if kind == PAVING:
        top, _own = masonry(x, z, 0.62, 0.78, 0.035)
        shade = (0.16 + 0.16 * own + 0.22 * rough + 0.12 * (fine - 0.5)) * (0.42 + 0.58 * top)
        moss = smoothstep(0.52, 0.7, rough) * (1.0 - 0.7 * top)
        wet = smoothstep(0.42, 0.62, cloudy(0.9 * x + 4.0, 0.0, 0.9 * z))
        return (
            shade * (1.04 - 0.4 * moss),
            shade * (1.0 + 0.1 * moss),
            shade * (1.02 - 0.5 * moss),
            0.0,
            0.25 + 0.75 * wet,
        )
    if kind == BRICK:
        u = z if abs(x) > 5.55 else x
        top, _own = masonry(u, y, 0.205, 0.46, 0.03)
        shade = (0.20 + 0.17 * own + 0.22 * rough + 0.14 * (fine - 0.5)) * (0.5 + 0.5 * top)
        warm = hash3(int(4096 * own), 3, 1)
        damp = 1.0 - 0.35 * smoothstep(0.9, 0.0, y + 0.6 * (rough - 0.5))
        shade *= damp
        return shade * (0.98 + 0.26 * warm), shade * (0.94 + 0.04 * warm), shade * (0.92 - 0.08 * warm), 0.0, 0.12
    if kind == STONE:
        shade = 0.34 + 0.2 * rough + 0.16 * (fine - 0.5)
        above = y - ARCH_SPRING
        if z < 9.6 and z > 9.0 and math.hypot(x - ARCH_X, max(above, 0.0)) < 1.14 and y > 0.4:
            turn = 13.0 * math.atan2(above, x - ARCH_X) / math.pi if above > 0.0 else above / 0.33
            shade *= 0.62 + 0.38 * smoothstep(0.0, 0.14, 0.5 - abs(turn - math.floor(turn) - 0.5))
        return 1.06 * shade, shade, 0.9 * shade, 0.0, 0.15
    if kind == CLAY:
        shade = 0.75 + 0.5 * (fine - 0.5) + 0.4 * (rough - 0.5)
        return 0.52 * shade, 0.22 * shade, 0.13 * shade, 0.0, 0.2
    if kind in (LEAF, BLOSSOM):
        leaf = noise(26.0 * x, 26.0 * y, 26.0 * z)
        shade = 0.45 + 0.9 * leaf
        if kind == BLOSSOM and noise(17.0 * x + 3.0, 17.0 * y, 17.0 * z) > 0.61:
            return 0.78, 0.26 + 0.2 * leaf, 0.42 + 0.2 * leaf, 0.0, 0.05
        return 0.12 * shade, 0.22 * shade, 0.085 * shade, 0.0, 0.25
    if kind == CYPRESS:
        shade = 0.4 + 0.8 * noise(14.0 * x, 7.0 * y, 14.0 * z)
        return 0.045 * shade, 0.085 * shade, 0.065 * shade, 0.0, 0.0
    if kind == WOOD:
        shade = 0.6 + 0.7 * fine
        return 0.20 * shade, 0.115 * shade, 0.07 * shade, 0.0, 0.1
    if kind == GLOW:
        return 0.5, 0.4, 0.2, 1.7, 0.0
    if kind == PAPER:
        return 0.6, 0.3, 0.15, 1.05 + 0.18 * math.sin(60.0 * y), 0.0
    if kind == PANE:
        return 0.2, 0.12, 0.05, 0.35 + 0.75 * cloudy(2.2 * x, 1.4 * y + 3.0, 4.0), 0.4
    if kind == IRON:
        return 0.04, 0.04, 0.045, 0.0, 0.4
    if kind == WATER:
        return 0.03, 0.07, 0.09, 0.0, 1.0
    if kind == HILL:
        shade = 0.5 + 0.8 * cloudy(0.5 * x, 0.9 * y, 0.5 * z)
        return 0.09 * shade, 0.13 * shade, 0.13 * shade, 0.0, 0.0
    if kind == TILE:
        shade = 0.6 + 0.35 * hash3(math.floor(26.0 * x / math.pi), math.floor(y * 8.0), 2) + 0.5 * (rough - 0.5)
        return 0.36 * shade, 0.17 * shade, 0.12 * shade, 0.0, 0.15
    if kind == PLASTER:
        shade = 0.40 + 0.3 * rough + 0.1 * (fine - 0.5)
        return 1.05 * shade, 0.93 * shade, 0.8 * shade, 0.0, 0.05
    return 0.3, 0.3, 0.3, 0.0, 0.0
