"""The second pass: the fox, its lantern's light and its shadow, for every frame."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float64
from numba import njit, prange

from shots.media.courtyard.fox import LANTERN_LIGHT, LANTERN_PARTS, Pose, fox_colour, fox_distance
from shots.media.courtyard.light import LAMP_COUNT, LAMPS
from shots.media.courtyard.shapes import JIT, smoothstep
from shots.media.courtyard.survey import Place

LANTERN_REACH = 4.5
"""Metres at which the fox's lantern fades to nothing."""
FOX_EDGE = 2e-4
"""Metres: a ray this close has met the fox."""
PENUMBRA = 0.3
"""Metres: the widest soft edge of the fox's shadow."""
HAZE = (0.20, 0.15, 0.22)
"""Colour of the evening air."""


@njit(**JIT)
def _sphere_span(
    ox: float, oy: float, oz: float, dx: float, dy: float, dz: float, center: np.ndarray, radius: float
) -> tuple[float, float]:
    """Where a ray enters and leaves a sphere; leaves before it enters if it misses."""
    cx, cy, cz = ox - center[0], oy - center[1], oz - center[2]
    b = cx * dx + cy * dy + cz * dz
    inside = b * b - (cx * cx + cy * cy + cz * cz) + radius * radius
    if inside <= 0.0:
        return 1.0, 0.0
    root = math.sqrt(inside)
    return max(-b - root, 0.0), -b + root


@njit(**JIT)
def _fox_shadow(
    x: float,
    y: float,
    z: float,
    lx: float,
    ly: float,
    lz: float,
    reach: float,
    softness: float,
    parts: np.ndarray,
    center: np.ndarray,
    radius: float,
) -> float:
    """How much of a lamp the fox lets through to a point, 0..1."""
    enter, leave = _sphere_span(x, y, z, lx, ly, lz, center, radius + PENUMBRA)
    leave = min(leave, reach)
    seen, t = 1.0, max(enter, 0.02)
    for _ in range(80):
        if enter > leave or seen < 0.01:
            break
        d = fox_distance(x + t * lx, y + t * ly, z + t * lz, parts)
        seen = min(seen, d / min(t / softness, PENUMBRA))
        if t >= leave:
            break
        t = min(t + max(0.5 * d, 0.012), leave)  # never past the end, or the edge would show the steps
    return smoothstep(0.0, 1.0, seen)


@njit(**JIT)
def _veil(
    x: float,
    y: float,
    z: float,
    lamp_table: np.ndarray,
    parts: np.ndarray,
    center: np.ndarray,
    radius: float,
    at: np.ndarray,
    veil: np.ndarray,
) -> None:
    """How much of each lamp, and last of its own lantern, the fox lets through to a point, 0..1."""
    for i in range(LAMP_COUNT):
        lx, ly, lz = lamp_table[i, 0] - x, lamp_table[i, 1] - y, lamp_table[i, 2] - z
        far = math.sqrt(lx * lx + ly * ly + lz * lz)
        veil[i] = _fox_shadow(x, y, z, lx / far, ly / far, lz / far, far, 6.0, parts, center, radius)
    lx, ly, lz = at[0] - x, at[1] - y, at[2] - z
    far = math.sqrt(lx * lx + ly * ly + lz * lz)
    veil[LAMP_COUNT] = 0.0
    if far < LANTERN_REACH:
        fade = (1.0 - (far / LANTERN_REACH) ** 2) ** 2
        seen = _fox_shadow(
            x, y, z, lx / far, ly / far, lz / far, far - 0.22, 7.0, parts[:-LANTERN_PARTS], center, radius
        )
        veil[LAMP_COUNT] = fade * seen


@njit(**JIT)
def _lantern(x: float, y: float, z: float, nx: float, ny: float, nz: float, at: np.ndarray) -> float:
    """Light of the fox's lantern at an open surface point, before its colour."""
    lx, ly, lz = at[0] - x, at[1] - y, at[2] - z
    reach = math.sqrt(lx * lx + ly * ly + lz * lz)
    return max(nx * lx + ny * ly + nz * lz, 0.0) / reach / (0.06 + reach * reach)


@njit(**JIT)
def _fox_normal(x: float, y: float, z: float, parts: np.ndarray) -> tuple[float, float, float]:
    """Direction in which the fox recedes fastest."""
    e = 6e-4
    a, b = fox_distance(x + e, y - e, z - e, parts), fox_distance(x - e, y - e, z + e, parts)
    c, d = fox_distance(x - e, y + e, z - e, parts), fox_distance(x + e, y + e, z + e, parts)
    nx, ny, nz = a - b - c + d, -a - b + c + d, -a + b - c + d
    norm = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-20
    return nx / norm, ny / norm, nz / norm


@njit(**JIT)
def _fox_openness(x: float, y: float, z: float, nx: float, ny: float, nz: float, parts: np.ndarray) -> float:
    """Ambient visibility of a point of the fox, 0..1."""
    shut = 0.0
    for i in range(3):
        h = 0.03 + 0.06 * i
        near = min(fox_distance(x + h * nx, y + h * ny, z + h * nz, parts), max(y + h * ny, 0.0))
        shut += max(h - near, 0.0) * (0.8**i)
    return max(1.0 - 2.2 * shut, 0.0)


@njit(**JIT)
def _contact(
    x: float, y: float, z: float, nx: float, ny: float, nz: float, parts: np.ndarray, center: np.ndarray
) -> float:
    """How open a point of the courtyard stays with the fox close by, 0..1."""
    if (x - center[0]) ** 2 + (z - center[2]) ** 2 > 1.0 or y > 0.6:
        return 1.0
    open_ = 1.0
    for i in range(4):
        h = 0.04 + 0.10 * i
        d = fox_distance(x + h * nx, y + h * ny, z + h * nz, parts)
        open_ -= max(h - d, 0.0) / h * (0.34 - 0.05 * i)
    return max(open_, 0.1)


@njit(**JIT)
def _fox_light(
    x: float,
    y: float,
    z: float,
    dx: float,
    dy: float,
    dz: float,
    n: tuple[float, float, float],
    open_: float,
    lamp_table: np.ndarray,
    parts: np.ndarray,
    at: np.ndarray,
    veil: np.ndarray,
) -> tuple[float, float, float]:
    """Light that leaves the fox at a point toward the camera."""
    nx, ny, nz = n
    r, g, b, glow = fox_colour(x, y, z, parts)
    up = 0.5 + 0.5 * ny
    lr, lg, lb = open_ * (0.10 * up + 0.03), open_ * (0.135 * up + 0.028), open_ * (0.24 * up + 0.04)
    for i in range(LAMP_COUNT):
        lx, ly, lz = lamp_table[i, 0] - x, lamp_table[i, 1] - y, lamp_table[i, 2] - z
        reach = math.sqrt(lx * lx + ly * ly + lz * lz)
        facing = max((nx * lx + ny * ly + nz * lz) / reach + 0.15, 0.0) / 1.15  # fur lets light round the edge
        weak = facing * veil[i] / (0.15 + reach * reach) if lamp_table[i, 6] > 0.0 else facing * veil[i]
        lr, lg, lb = lr + weak * lamp_table[i, 3], lg + weak * lamp_table[i, 4], lb + weak * lamp_table[i, 5]
    own = veil[LAMP_COUNT] * _lantern(x, y, z, nx, ny, nz, at)
    lr, lg, lb = lr + own * LANTERN_LIGHT[0], lg + own * LANTERN_LIGHT[1], lb + own * LANTERN_LIGHT[2]
    rim = max(1.0 + dx * nx + dy * ny + dz * nz, 0.0) ** 3 * open_ * (0.4 + 0.6 * up)  # the sky in the fur's edge
    return r * lr + 0.07 * rim + glow, g * lg + 0.07 * rim + 0.52 * glow, b * lb + 0.12 * rim + 0.15 * glow


@njit(parallel=True, **JIT)
def _light(  # noqa: PLR0912, PLR0915 - one compiled loop nest
    origin: np.ndarray,
    rays: np.ndarray,
    length: np.ndarray,
    normal: np.ndarray,
    albedo: np.ndarray,
    steady: np.ndarray,
    haze: np.ndarray,
    lamps: np.ndarray,
    lamp_table: np.ndarray,
    parts: np.ndarray,
    center: np.ndarray,
    radius: float,
    at: np.ndarray,
    show: bool,
    out: np.ndarray,
    reach: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Average every pixel's samples into ``out``; the ray length and the fox's mask come from the middle sample.

    What the fox blocks changes slowly: a pixel's samples of the same surface share it.
    """
    ox, oy, oz = origin
    samples = rays.shape[2]
    for row in prange(rays.shape[0]):
        veils = np.zeros((2, LAMP_COUNT + 1))
        for column in range(rays.shape[1]):
            sum_r, sum_g, sum_b = 0.0, 0.0, 0.0
            place_t, fox_t, place_open, fox_open = -1.0, -1.0, 1.0, 1.0
            for s in range(samples):
                dx, dy, dz = rays[row, column, s]
                t = float(length[row, column, s])
                met = False
                if show:
                    enter, leave = _sphere_span(ox, oy, oz, dx, dy, dz, center, radius)
                    leave = min(leave, t)
                    while enter < leave:
                        d = fox_distance(ox + enter * dx, oy + enter * dy, oz + enter * dz, parts)
                        enter += d
                        if d < FOX_EDGE:
                            met = enter < leave
                            break
                    if met:
                        t = enter
                x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
                if met:
                    n = _fox_normal(x, y, z, parts)
                    px, py, pz = x + 0.004 * n[0], y + 0.004 * n[1], z + 0.004 * n[2]
                    if abs(t - fox_t) > 0.02:
                        fox_t = t
                        _veil(px, py, pz, lamp_table, parts, center, radius, at, veils[1])
                        fox_open = _fox_openness(px, py, pz, n[0], n[1], n[2], parts)
                    r, g, b = _fox_light(x, y, z, dx, dy, dz, n, fox_open, lamp_table, parts, at, veils[1])
                else:
                    nx, ny, nz = normal[row, column, s]
                    ar, ag, ab = albedo[row, column, s]
                    if abs(t - place_t) > 0.02 * t:
                        place_t = t
                        _veil(x, y, z, lamp_table, parts, center, radius, at, veils[0])
                        place_open = _contact(x, y, z, nx, ny, nz, parts, center)
                    sr, sg, sb = steady[row, column, s]
                    r, g, b = sr * place_open, sg * place_open, sb * place_open
                    for i in range(LAMP_COUNT):
                        diffuse, shine = lamps[row, column, s, i]
                        lit = veils[0, i] * (0.4 + 0.6 * place_open)
                        r += lit * lamp_table[i, 3] * (ar * diffuse + shine)
                        g += lit * lamp_table[i, 4] * (ag * diffuse + shine)
                        b += lit * lamp_table[i, 5] * (ab * diffuse + shine)
                    if veils[0, LAMP_COUNT] > 0.0:
                        own = veils[0, LAMP_COUNT] * _lantern(x, y, z, nx, ny, nz, at)
                        r += own * LANTERN_LIGHT[0] * ar
                        g += own * LANTERN_LIGHT[1] * ag
                        b += own * LANTERN_LIGHT[2] * ab
                    clear = float(haze[row, column, s])
                    r = r * clear + HAZE[0] * (1.0 - clear)
                    g = g * clear + HAZE[1] * (1.0 - clear)
                    b = b * clear + HAZE[2] * (1.0 - clear)
                sum_r, sum_g, sum_b = sum_r + min(r, 2.5), sum_g + min(g, 2.5), sum_b + min(b, 2.5)
                if s == samples // 2:
                    reach[row, column] = t
                    seen[row, column] = met
            out[row, column] = (sum_r / samples, sum_g / samples, sum_b / samples)


def relight(
    place: Place, pose: Pose, *, subject: bool, radius: float
) -> tuple[
    Float64[np.ndarray, "height width 3"], Float64[np.ndarray, "height width"], Bool[np.ndarray, "height width"]
]:
    """Add the fox, or only its light and shadow: linear light, ray length in metres, where the fox is seen."""
    height, width = place.rays.shape[:2]
    out, reach = np.zeros((height, width, 3)), np.zeros((height, width))
    seen = np.zeros((height, width), np.bool_)
    _light(
        place.origin, place.rays, place.length, place.normal, place.albedo, place.steady, place.haze, place.lamps,
        LAMPS, pose.parts, pose.center, radius, pose.lantern, subject, out, reach, seen,
    )  # fmt: skip
    return out, reach, seen
