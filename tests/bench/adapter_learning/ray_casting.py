"""Solid textured shapes seen by a pinhole: one ray a sample, compiled; colour, and the exact depth of what is seen."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FLOOR, WALL, SPHERE, BOX = range(4)
GRADIENT, STRIPES, CHECKER, CLOUDS = range(4)
KIND, CENTRE, HALF, YAW, TEXTURE, FIRST_WAVE, SECOND_WAVE, PHASE, SHARPNESS, DARK, LIGHT = (
    0, 1, 4, 7, 8, 9, 12, 15, 16, 17, 20,
)  # fmt: skip
"""Where each property of a shape begins in its row."""
PROPERTIES = 23
SAMPLES = 2
"""A side, of a pixel's colour; its depth is that of its centre."""
NOTHING = 1e9
AMBIENT = 0.55
SUN = (-0.45, -0.75, -0.48)
"""Where light comes from: left, above, behind the camera."""

kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath=True)


@kernel
def _local(shape, x, y, z):
    """Return a vector in the axes of a shape."""
    cosine, sine = math.cos(shape[YAW]), math.sin(shape[YAW])
    return cosine * x - sine * z, y, sine * x + cosine * z


@kernel
def _hit(shape, ox, oy, oz, dx, dy, dz):
    """Return how far along a ray a shape is met, and the axis of the face it is met on (3: a sphere's own)."""
    kind = int(shape[KIND])
    if kind == FLOOR:
        return ((shape[CENTRE + 1] - oy) / dy if dy > 1e-6 else NOTHING), 1
    if kind == WALL:
        return ((shape[CENTRE + 2] - oz) / dz if dz > 1e-6 else NOTHING), 2
    px, py, pz = _local(shape, ox - shape[CENTRE], oy - shape[CENTRE + 1], oz - shape[CENTRE + 2])
    vx, vy, vz = _local(shape, dx, dy, dz)
    if kind == SPHERE:
        a = vx * vx + vy * vy + vz * vz
        b = px * vx + py * vy + pz * vz
        root = b * b - a * (px * px + py * py + pz * pz - shape[HALF] ** 2)
        return ((-b - math.sqrt(root)) / a if root > 0 else NOTHING), 3
    near, far, axis = -NOTHING, NOTHING, 0
    for k, p, v in ((0, px, vx), (1, py, vy), (2, pz, vz)):
        slope = v if abs(v) > 1e-9 else 1e-9
        one, other = (-shape[HALF + k] - p) / slope, (shape[HALF + k] - p) / slope
        if min(one, other) > near:
            near, axis = min(one, other), k
        far = min(far, max(one, other))
    return (near if near < far else NOTHING), axis


@kernel
def _nearest(shapes, ox, oy, oz, dx, dy, dz):
    """Return how far the nearest shape is, which it is, and the axis of its face."""
    best, found, face = NOTHING, -1, 0
    for k in range(len(shapes)):
        distance, axis = _hit(shapes[k], ox, oy, oz, dx, dy, dz)
        if 1e-3 < distance < best:
            best, found, face = distance, k, axis
    return best, found, face


@kernel
def _brightness(shape, x, y, z):
    """Return how much of its light colour a shape's solid texture has at a place in its own axes."""
    first = shape[FIRST_WAVE] * x + shape[FIRST_WAVE + 1] * y + shape[FIRST_WAVE + 2] * z + shape[PHASE]
    second = shape[SECOND_WAVE] * x + shape[SECOND_WAVE + 1] * y + shape[SECOND_WAVE + 2] * z
    kind = int(shape[TEXTURE])
    if kind == STRIPES:
        wave = math.sin(first)
    elif kind == CHECKER:
        wave = math.sin(first) * math.sin(second)
    elif kind == CLOUDS:
        wave = 0.5 * (math.sin(first) + math.sin(second + 1.7 * math.sin(0.6 * first)))
    else:
        wave = math.sin(0.35 * first)
    return 0.5 + 0.5 * min(1.0, max(-1.0, shape[SHARPNESS] * wave))


@kernel
def _shaded(shape, face, x, y, z, colour):
    """Add the colour of a shape at a place of the world."""
    px, py, pz = _local(shape, x - shape[CENTRE], y - shape[CENTRE + 1], z - shape[CENTRE + 2])
    sx, sy, sz = _local(shape, SUN[0], SUN[1], SUN[2])
    if face == 3:
        facing = (px * sx + py * sy + pz * sz) / shape[HALF]
    elif shape[KIND] == FLOOR or shape[KIND] == WALL:
        facing = 0.75 if face == 1 else 0.48
    else:
        side, light = ((px, sx), (py, sy), (pz, sz))[face]
        facing = light if side > 0 else -light
    lit = AMBIENT + (1 - AMBIENT) * max(0.0, facing)
    share = _brightness(shape, px, py, pz)
    for c in range(3):
        colour[c] += lit * (shape[DARK + c] + share * (shape[LIGHT + c] - shape[DARK + c]))


@kernel
def cast(shapes, world_from_camera, focal_px, colour, depth):
    """Fill colour (frames, height, width, 3; 0 to 255) and depth (frames, height, width) of shapes of every frame.

    A ray's direction is 1 along the camera's axis, so that the distance along it is z.
    """
    frames, height, width = depth.shape
    light = np.zeros(3)
    for f in range(frames):
        m = world_from_camera[f]
        for i in range(height):
            for j in range(width):
                light[:] = 0.0
                for sample in range(SAMPLES * SAMPLES + 1):
                    at_centre = sample == SAMPLES * SAMPLES
                    y = i + (0.5 if at_centre else (sample // SAMPLES + 0.5) / SAMPLES)
                    x = j + (0.5 if at_centre else (sample % SAMPLES + 0.5) / SAMPLES)
                    a, b = (x - 0.5 * width) / focal_px, (y - 0.5 * height) / focal_px
                    dx = m[0, 0] * a + m[0, 1] * b + m[0, 2]
                    dy = m[1, 0] * a + m[1, 1] * b + m[1, 2]
                    dz = m[2, 0] * a + m[2, 1] * b + m[2, 2]
                    distance, found, face = _nearest(shapes[f], m[0, 3], m[1, 3], m[2, 3], dx, dy, dz)
                    if at_centre:
                        depth[f, i, j] = distance
                    elif found >= 0:
                        _shaded(
                            shapes[f, found], face, m[0, 3] + distance * dx, m[1, 3] + distance * dy,
                            m[2, 3] + distance * dz, light,
                        )  # fmt: skip
                for c in range(3):
                    colour[f, i, j, c] = np.uint8(min(255.0, 255.0 * light[c] / (SAMPLES * SAMPLES) + 0.5))
