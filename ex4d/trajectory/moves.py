"""The moves that change a camera, one pure function each.

``amount`` is what a move has contributed so far at each moment: its size times its eased progress.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64
from ex4d.geometry.easing import smooth
from ex4d.geometry.se3 import (
    apply,
    exp_rotation,
    head_rotation,
    pan_rotation,
    tilt_rotation,
    wrapped,
)
from ex4d.shotlist.model import Handheld
from ex4d.trajectory.handheld import shake
from ex4d.trajectory.timing import Clock, Span

FADE_IN_S = 0.5
"""Seconds over which handheld begins, unless a quarter of the shot is shorter."""

LEVEL = 1e-15
"""Height of a unit right vector above the horizon that is rounding and no roll."""


def turn_head(
    rotation: Float64[np.ndarray, "frames 3 3"],
    pan: Float64[np.ndarray, "frames"],
    tilt: Float64[np.ndarray, "frames"],
    roll: Float64[np.ndarray, "frames"],
) -> Float64[np.ndarray, "frames 3 3"]:
    """Pan about the vertical, tilt about the camera's right axis, roll about its view axis: the horizon stays level."""
    panned = pan_rotation(pan) @ rotation
    if not (np.any(tilt) or np.any(roll)):  # nearly all shots; heads are turned again and again until lenses settle
        return panned
    return panned @ head_rotation(np.zeros_like(pan), tilt, roll)


def orbit_turn(
    rotation: Float64[np.ndarray, "frames 3 3"], up: Float64[np.ndarray, "frames"], right: Float64[np.ndarray, "frames"]
) -> tuple[Float64[np.ndarray, "frames 3 3"], Float64[np.ndarray, "frames 3 3"]]:
    """Return the head's orientation on the turned table, and the turn of space that brings it there.

    First up about the camera's right axis, then right about the vertical. The camera goes up by turning down: what
    it saw stays where it was in frame.
    """
    raised = rotation @ tilt_rotation(-up)
    table = pan_rotation(-right)
    return table @ raised, table @ (raised @ np.swapaxes(rotation, -1, -2))


def level_right(rotation: Float64[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch 3"]:
    """Return the horizontal right of a head, rolled or not."""
    right, forward = rotation[..., :, 0], rotation[..., :, 2]
    across = np.stack([forward[..., 2], np.zeros_like(forward[..., 0]), -forward[..., 0]], axis=-1)
    facing = np.where(np.sum(across * right, axis=-1, keepdims=True) < 0.0, -across, across)
    # A head that looks straight up or down has no azimuth, and one without roll needs none.
    unrolled = (np.abs(right[..., 1:2]) <= LEVEL) | (np.linalg.norm(across, axis=-1, keepdims=True) <= 1e-9)
    chosen = np.where(unrolled, right * np.array([1.0, 0.0, 1.0]), facing)
    return chosen / np.linalg.norm(chosen, axis=-1, keepdims=True)


def blend_aims(
    rotation: Float64[np.ndarray, "frames 3 3"],
    angles: Float64[np.ndarray, "frames 3"],
    aims: list[tuple[Float64[np.ndarray, "frames"], Float64[np.ndarray, "frames 2"]]],
) -> Float64[np.ndarray, "frames 3 3"]:
    """Turn a head towards aims, each a weight and the (pan, tilt) it wants.

    ``angles`` are the head's own. Weights of together more than one are shares of one aim. Turning goes the shorter
    way round, and what is aimed has no roll.
    """
    total = np.sum([weight for weight, _ in aims], axis=0)
    turn = sum(weight[:, None] * wrapped(wanted - angles[:, :2]) for weight, wanted in aims)
    turned = angles[:, :2] + np.asarray(turn) / np.maximum(total, 1.0)[:, None]
    roll = angles[:, 2] * np.maximum(1.0 - total, 0.0)
    aimed = head_rotation(turned[:, 0], turned[:, 1], roll)
    return np.where((total > 0.0)[:, None, None], aimed, rotation)


def handheld_shake(move: Handheld, seed: int, span: Span, clock: Clock) -> Float64[np.ndarray, "frames 6"]:
    """Return pan, tilt, roll in radians and right, up, in in subject distances, fading in and, if asked, out."""
    rate = float(clock.frame_rate)
    seconds = np.arange(clock.frames) / rate
    since, left = seconds - float(span.start) / rate, float(span.end) / rate - seconds
    fade = smooth(np.clip(since / min(FADE_IN_S, 0.25 * float(clock.duration)), 0.0, 1.0))
    if move.settle:
        fade = fade * smooth(np.clip(left / float(move.settle), 0.0, 1.0))
    return shake(clock.frames, rate, move.frequency, seed) * (move.amount * fade)[:, None]


def shake_head(
    rotation: Float64[np.ndarray, "frames 3 3"],
    position: Float64[np.ndarray, "frames 3"],
    shaken: Float64[np.ndarray, "frames 6"],
) -> tuple[Float64[np.ndarray, "frames 3 3"], Float64[np.ndarray, "frames 3"]]:
    """Shake a camera in its own axes."""
    pan, tilt, roll, right, up, inward = np.moveaxis(shaken, -1, 0)
    # One turn about one axis: six-axis noise has no order of pan, tilt and roll.
    turned = rotation @ exp_rotation(np.stack([tilt, pan, roll], axis=-1))
    return turned, position + apply(rotation, np.stack([right, -up, inward], axis=-1))
