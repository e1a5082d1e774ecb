"""Rotations and rigid motions as float64 matrices, one or a batch.

The three elementary rotations are the camera operator's: in OpenCV axes a positive turn about y pans right, about x
tilts up, about z rolls clockwise, each as matrices ``world_from_camera``.
"""

from __future__ import annotations

import math

import numpy as np

from ex4d.array_types import Float64

Rotations = Float64[np.ndarray, "*batch 3 3"]
Poses = Float64[np.ndarray, "*batch 4 4"]

SMALL_ANGLE = 1e-4
"""Radians below which a Taylor series of three terms is exact to the last bit and the closed form is not."""


def pan_rotation(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Turn to the right about the vertical (y), radians."""
    return _axis_rotation(angle, 2, 0)


def tilt_rotation(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Turn up about the right axis (x), radians."""
    return _axis_rotation(angle, 1, 2)


def roll_rotation(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Turn clockwise about the view axis (z), radians."""
    return _axis_rotation(angle, 0, 1)


def head_rotation(
    pan: Float64[np.ndarray, "*batch"], tilt: Float64[np.ndarray, "*batch"], roll: Float64[np.ndarray, "*batch"]
) -> Float64[np.ndarray, "*batch 3 3"]:
    """Return the orientation of a head that pans, then tilts, then rolls, all in radians.

    The product of the three rotations, multiplied out; without roll the right axis is exactly horizontal.
    """
    cp, sp, ct, st, cr, sr = np.cos(pan), np.sin(pan), np.cos(tilt), np.sin(tilt), np.cos(roll), np.sin(roll)
    rotation = np.empty((*np.shape(pan), 3, 3))
    rotation[..., 0, 0], rotation[..., 0, 1], rotation[..., 0, 2] = (
        cp * cr + sp * st * sr,
        sp * st * cr - cp * sr,
        sp * ct,
    )
    rotation[..., 1, 0], rotation[..., 1, 1], rotation[..., 1, 2] = ct * sr, ct * cr, -st
    rotation[..., 2, 0], rotation[..., 2, 1], rotation[..., 2, 2] = (
        cp * st * sr - sp * cr,
        sp * sr + cp * st * cr,
        cp * ct,
    )
    return rotation


def head_angles(rotation: Float64[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 3"]:
    """Return (pan, tilt, roll) in radians, tilt within a quarter turn: the inverse of ``head_rotation``."""
    forward, right_y, down_y = rotation[..., :, 2], rotation[..., 1, 0], rotation[..., 1, 1]
    tilt = np.arctan2(-forward[..., 1], np.hypot(forward[..., 0], forward[..., 2]))
    return np.stack([np.arctan2(forward[..., 0], forward[..., 2]), tilt, np.arctan2(right_y, down_y)], axis=-1)


def wrapped(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Return the same angle, radians, within half a turn either way."""
    return np.where(np.abs(angle) <= math.pi, angle, np.remainder(angle + math.pi, 2.0 * math.pi) - math.pi)


def _axis_rotation(angle: Float64[np.ndarray, "*batch"], first: int, second: int) -> Float64[np.ndarray, "*batch 3 3"]:
    """Turn the ``first`` axis towards the ``second``."""
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation = np.zeros((*np.shape(angle), 3, 3))
    rotation[..., 3 - first - second, 3 - first - second] = 1.0
    rotation[..., first, first] = rotation[..., second, second] = cosine
    rotation[..., second, first] = sine
    rotation[..., first, second] = -sine
    return rotation


def rigid(
    rotation: Float64[np.ndarray, "*batch 3 3"], position: Float64[np.ndarray, "*batch 3"]
) -> Float64[np.ndarray, "*batch 4 4"]:
    """Join an orientation and a position into a 4x4 matrix."""
    pose = np.zeros((*position.shape[:-1], 4, 4))
    pose[..., :3, :3] = rotation
    pose[..., :3, 3] = position
    pose[..., 3, 3] = 1.0
    return pose


def inverse(pose: Float64[np.ndarray, "*batch 4 4"]) -> Float64[np.ndarray, "*batch 4 4"]:
    """Return ``a_from_b`` of a rigid ``b_from_a``."""
    transposed = np.swapaxes(pose[..., :3, :3], -1, -2)
    return rigid(transposed, -apply(transposed, pose[..., :3, 3]))


def apply(
    rotation: Float64[np.ndarray, "*batch 3 3"], vector: Float64[np.ndarray, "*batch 3"]
) -> Float64[np.ndarray, "*batch 3"]:
    """Turn vectors."""
    return np.einsum("...ij,...j->...i", rotation, vector)


def turn_between(
    first: Float64[np.ndarray, "*#batch 3 3"], second: Float64[np.ndarray, "*#batch 3 3"]
) -> Float64[np.ndarray, "*#batch"]:
    """Return the angle in radians, 0..pi, of the rotation from one orientation to the other.

    From the chord |A - B| = 2√2 sin(angle / 2), which keeps its digits for small turns where the trace does not.
    """
    chord = np.linalg.norm(first - second, axis=(-2, -1)) / np.sqrt(8.0)
    return np.asarray(2.0 * np.arcsin(np.minimum(chord, 1.0)))


def quaternion_wxyz(rotation: Float64[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 4"]:
    """Return the unit quaternion with w >= 0 of a rotation.

    Each of the four rows below is the quaternion times four times one of its parts; the longest row is the best
    conditioned (Bar-Itzhack's and Shepperd's choice).
    """
    m = np.moveaxis(rotation, (-2, -1), (0, 1))
    xy, xz, yz = m[1, 0] + m[0, 1], m[0, 2] + m[2, 0], m[2, 1] + m[1, 2]
    wx, wy, wz = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    rows = np.stack(
        [
            np.stack([1 + m[0, 0] + m[1, 1] + m[2, 2], wx, wy, wz], axis=-1),
            np.stack([wx, 1 + m[0, 0] - m[1, 1] - m[2, 2], xy, xz], axis=-1),
            np.stack([wy, xy, 1 - m[0, 0] + m[1, 1] - m[2, 2], yz], axis=-1),
            np.stack([wz, xz, yz, 1 - m[0, 0] - m[1, 1] + m[2, 2]], axis=-1),
        ],
        axis=-2,
    )
    lengths = np.linalg.norm(rows, axis=-1)
    longest = np.argmax(lengths, axis=-1)[..., None]
    chosen = np.take_along_axis(rows, longest[..., None], axis=-2)[..., 0, :]
    chosen = chosen / np.take_along_axis(lengths, longest, axis=-1)
    return np.where(chosen[..., :1] < 0.0, -chosen, chosen)


def rotation_from_wxyz(quaternion: Float64[np.ndarray, "*batch 4"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Return the rotation of a unit quaternion: the inverse of ``quaternion_wxyz``, up to the quaternion's sign."""
    w, hat = quaternion[..., :1, None], skew(quaternion[..., 1:])
    return np.eye(3) + 2.0 * (w * hat + hat @ hat)


def slerp(
    first: Float64[np.ndarray, "*#batch 3 3"],
    second: Float64[np.ndarray, "*#batch 3 3"],
    fraction: Float64[np.ndarray, "*batch"],
) -> Float64[np.ndarray, "*batch 3 3"]:
    """Turn evenly from one orientation to the other, the shorter way round; exact at fractions 0 and 1."""
    turned = first @ exp_rotation(fraction[..., None] * log_rotation(np.swapaxes(first, -1, -2) @ second))
    at_end = (fraction == 1.0)[..., None, None]
    return np.where(at_end, second, turned)


def exp_rotation(vector: Float64[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Return the rotation by |vector| radians about a vector (Rodrigues)."""
    angle, hat = np.linalg.norm(vector, axis=-1)[..., None, None], skew(vector)
    return np.eye(3) + _sinc(angle) * hat + _versine_ratio(angle) * (hat @ hat)


def log_rotation(rotation: Float64[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 3"]:
    """Return the vector of length 0..pi whose ``exp_rotation`` is the rotation; at pi either sign is right."""
    quaternion = quaternion_wxyz(rotation)
    sine = np.linalg.norm(quaternion[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, quaternion[..., :1])
    return quaternion[..., 1:] * np.where(sine > 0.0, angle / np.where(sine > 0.0, sine, 1.0), 2.0)


def exp(twist: Float64[np.ndarray, "*batch 6"]) -> Float64[np.ndarray, "*batch 4 4"]:
    """Return the rigid motion of a twist (translation part, rotation part)."""
    rotation = twist[..., 3:]
    return rigid(exp_rotation(rotation), apply(_left_jacobian(rotation), twist[..., :3]))


def log(pose: Float64[np.ndarray, "*batch 4 4"]) -> Float64[np.ndarray, "*batch 6"]:
    """Return the twist (translation part, rotation part, at most pi long) whose ``exp`` is the pose."""
    rotation = log_rotation(pose[..., :3, :3])
    translation = np.linalg.solve(_left_jacobian(rotation), pose[..., :3, 3:])[..., 0]
    return np.concatenate([translation, rotation], axis=-1)


def skew(vector: Float64[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Return the matrix of the cross product with a vector."""
    x, y, z = np.moveaxis(vector, -1, 0)
    zero = np.zeros_like(x)
    rows = [[zero, -z, y], [z, zero, -x], [-y, x, zero]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _left_jacobian(vector: Float64[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch 3 3"]:
    """Return the matrix that carries the translation part of a twist to a translation (Barfoot, eq. 7.77)."""
    angle, hat = np.linalg.norm(vector, axis=-1)[..., None, None], skew(vector)
    return np.eye(3) + _versine_ratio(angle) * hat + _third_ratio(angle) * (hat @ hat)


def _sinc(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Return sin a / a."""
    return np.sinc(angle / np.pi)


def _versine_ratio(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Return (1 - cos a) / a²."""
    return 0.5 * np.square(_sinc(0.5 * angle))


def _third_ratio(angle: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Return (a - sin a) / a³, whose closed form cancels near zero."""
    safe = np.where(angle < SMALL_ANGLE, 1.0, angle)
    return np.where(angle < SMALL_ANGLE, 1.0 / 6.0 - np.square(angle) / 120.0, (safe - np.sin(safe)) / safe**3)
