"""The first pass: the courtyard without the fox, as one camera sees it, ready to be lit again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from numba import njit, prange

from shots.media.courtyard.light import DOME_HEIGHT, DOME_RADIUS, LAMP_COUNT, LAMPS, openness, shadow, sky
from shots.media.courtyard.place import GLOW, PAPER, PAVING, SKY, WATER, distance
from shots.media.courtyard.shapes import JIT
from shots.media.courtyard.surfaces import carve, colour


@dataclass(frozen=True)
class Place:
    """The courtyard as one camera sees it, before the fox: what lighting it again needs, for every ray."""

    origin: Float64[np.ndarray, "3"]
    rays: Float64[np.ndarray, "height width samples 3"]
    """Unit directions; the middle sample of an odd square grid is the pixel's centre."""
    length: Float32[np.ndarray, "height width samples"]
    """Metres along the ray."""
    normal: Float32[np.ndarray, "height width samples 3"]
    albedo: Float32[np.ndarray, "height width samples 3"]
    steady: Float32[np.ndarray, "height width samples 3"]
    """Sky light and glow, which no figure blocks."""
    haze: Float32[np.ndarray, "height width samples"]
    """How much of the surface's light the air lets through, 0..1."""
    lamps: Float32[np.ndarray, "height width samples lamps 2"]
    """Of each lamp: diffuse light and highlight that arrive."""


@njit(**JIT)
def _march(ox: float, oy: float, oz: float, dx: float, dy: float, dz: float) -> tuple[float, int]:
    """Length along a ray to the courtyard, and the material met."""
    oc = oy - DOME_HEIGHT
    b = ox * dx + oc * dy + oz * dz
    end = -b + math.sqrt(b * b - (ox * ox + oc * oc + oz * oz) + DOME_RADIUS**2)
    met = SKY
    if dy < 0.0 and -oy / dy < end:
        end, met = -oy / dy, PAVING
    t = 0.0
    for _ in range(320):
        d, material = distance(ox + t * dx, oy + t * dy, oz + t * dz)
        if d < 1e-4:
            return t + d, material
        t += d
        if t > end:
            break
    return end, met


@njit(**JIT)
def _normal(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Direction in which the courtyard recedes fastest, from four points of a tetrahedron."""
    e = 4e-4
    a, b = distance(x + e, y - e, z - e)[0], distance(x - e, y - e, z + e)[0]
    c, d = distance(x - e, y + e, z - e)[0], distance(x + e, y + e, z + e)[0]
    nx, ny, nz = a - b - c + d, -a - b + c + d, -a + b - c + d
    norm = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-20
    return nx / norm, ny / norm, nz / norm


@njit(parallel=True, **JIT)
def _survey(  # noqa: PLR0915 - one compiled loop nest
    origin: np.ndarray,
    rays: np.ndarray,
    lamp_table: np.ndarray,
    length: np.ndarray,
    normal: np.ndarray,
    albedo: np.ndarray,
    steady: np.ndarray,
    haze: np.ndarray,
    lamps: np.ndarray,
) -> None:
    """Fill a Place's arrays, a pixel row a thread at a time."""
    ox, oy, oz = origin
    for row in prange(rays.shape[0]):
        for column in range(rays.shape[1]):
            for s in range(rays.shape[2]):
                dx, dy, dz = rays[row, column, s]
                t, material = _march(ox, oy, oz, dx, dy, dz)
                x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
                length[row, column, s] = t
                haze[row, column, s] = 1.0
                if material == SKY:
                    steady[row, column, s] = sky(x / DOME_RADIUS, (y - DOME_HEIGHT) / DOME_RADIUS, z / DOME_RADIUS)
                    continue
                gx, gy, gz = 0.0, 1.0, 0.0
                if material != PAVING:
                    gx, gy, gz = _normal(x, y, z)
                if gx * dx + gy * dy + gz * dz > 0.0:
                    gx, gy, gz = -gx, -gy, -gz
                nx, ny, nz, own = carve(x, y, z, gx, gy, gz, material)
                r, g, b, glow, gloss = colour(x, y, z, ny, own, material)
                normal[row, column, s] = (nx, ny, nz)
                albedo[row, column, s] = (r, g, b)
                px, py, pz = x + 2e-3 * gx, y + 2e-3 * gy, z + 2e-3 * gz
                open_ = openness(px, py, pz, gx, gy, gz)
                up = 0.5 + 0.5 * ny
                ar = open_ * (0.050 * up + 0.014)
                ag = open_ * (0.078 * up + 0.013)
                ab = open_ * (0.165 * up + 0.020)
                sr, sg, sb = r * ar, g * ag, b * ab
                if glow > 0.0:
                    facing = 0.45 + 0.55 * abs(dx * gx + dy * gy + dz * gz)
                    warm = glow * facing if material in (PAPER, GLOW) else glow
                    sr, sg, sb = sr + warm * 1.0, sg + warm * 0.37, sb + warm * 0.07
                if gloss > 0.2:  # wet stone and water mirror a little of the sky above
                    cos = max(-(dx * nx + dy * ny + dz * nz), 0.0)
                    mirror = gloss * (0.03 + 0.6 * (1.0 - cos) ** 5) * open_
                    kx, ky, kz = dx + 2.0 * cos * nx, dy + 2.0 * cos * ny, dz + 2.0 * cos * nz
                    hr, hg, hb = sky(kx, max(ky, 0.12), kz)
                    if material == WATER:
                        mirror += 0.25 * open_
                    sr, sg, sb = sr + mirror * min(hr, 1.0), sg + mirror * min(hg, 1.0), sb + mirror * min(hb, 1.0)
                steady[row, column, s] = (sr, sg, sb)
                haze[row, column, s] = math.exp(-0.03 * max(z - 11.0, 0.0))
                power = 12.0 + 60.0 * gloss
                for i in range(LAMP_COUNT):
                    lx, ly, lz = lamp_table[i, 0] - x, lamp_table[i, 1] - y, lamp_table[i, 2] - z
                    reach = math.sqrt(lx * lx + ly * ly + lz * lz)
                    lx, ly, lz = lx / reach, ly / reach, lz / reach
                    facing = nx * lx + ny * ly + nz * lz
                    if facing <= 0.0 or gx * lx + gy * ly + gz * lz <= 0.0:
                        continue
                    weak = 1.0 / (0.15 + reach * reach) if lamp_table[i, 6] > 0.0 else 1.0
                    if weak < 0.004:
                        continue
                    near = min(reach - 0.30, 40.0)
                    weak *= shadow(px, py, pz, lx, ly, lz, near, lamp_table[i, 7])
                    hx, hy, hz = lx - dx, ly - dy, lz - dz
                    half = math.sqrt(hx * hx + hy * hy + hz * hz)
                    shine = max((nx * hx + ny * hy + nz * hz) / half, 0.0) ** power
                    lamps[row, column, s, i, 0] = weak * facing
                    lamps[row, column, s, i, 1] = weak * gloss * 0.55 * shine


def survey(origin: Float64[np.ndarray, "3"], rays: Float64[np.ndarray, "height width samples 3"]) -> Place:
    """Trace the courtyard without the fox; the slow half, done once a camera."""
    shape = rays.shape[:3]
    length, haze = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    normal, albedo, steady = (np.zeros((*shape, 3), np.float32) for _ in range(3))
    lamps = np.zeros((*shape, LAMP_COUNT, 2), np.float32)
    _survey(origin, rays, LAMPS, length, normal, albedo, steady, haze, lamps)
    return Place(origin, rays, length, normal, albedo, steady, haze, lamps)
