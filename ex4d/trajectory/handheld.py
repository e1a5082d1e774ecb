"""The shake of a camera held by hand: a fixed sum of sines, a function of seconds alone."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from ex4d.array_types import Float64
from ex4d.shotlist.model import Handheld, Shot

SINES = 32
"""Sines an axis."""
AXES = ("pan", "tilt", "roll", "right", "up", "in")
RMS = np.array([math.radians(1.0), math.radians(1.0), math.radians(0.5), 0.01, 0.01, 0.005])
"""Root mean square of each axis at amount 1: radians, then subject distances."""
BAND = 3.0
"""The energy lies between the frequency over this and the frequency times this."""


def seed_of(shot: str) -> int:
    """Return the seed a shot's handheld has when none is written: the first four bytes of its name's SHA-256."""
    return int.from_bytes(hashlib.sha256(shot.encode()).digest()[:4], "big")


def seeds_of(shot: Shot) -> dict[int, int]:
    """Return the seed of each handheld of a shot, by its place in the camera.

    Of several without a seed each has its own, or they would shake as one. Which has which does not depend on the order
    of writing, and one of amount 0 takes none from the others.
    """
    moves = {index: item.move for index, item in enumerate(shot.camera) if isinstance(item.move, Handheld)}
    unseeded = [index for index, move in moves.items() if move.seed is None]
    unseeded.sort(key=lambda index: (moves[index].amount == 0.0, repr(shot.camera[index])))
    names = [shot.name, *(f"{shot.name}/{rank}" for rank in range(2, len(unseeded) + 1))]
    chosen = {index: seed_of(name) for index, name in zip(unseeded, names, strict=False)}
    return {index: chosen[index] if move.seed is None else move.seed for index, move in moves.items()}


def shake(count: int, frame_rate: float, frequency: float, seed: int) -> Float64[np.ndarray, "{count} 6"]:
    """Return the six axes of ``AXES`` at amount 1 for frames at 0, 1 / rate, 2 / rate ... seconds, without any fade.

    The sines of an axis are evenly spaced in the logarithm of frequency and equally strong, as a hand's slow sway is
    stronger than its tremor; their squares add up to ``RMS`` exactly.
    """
    phases = np.array([[_phase(seed, axis, index) for axis in AXES] for index in range(SINES)])
    turning = 2j * math.pi * frequencies(frequency) / frame_rate
    # Frames as blocks of frames: a turn by both is the product of the two, and few need an exponential.
    block = math.isqrt(count) + 1
    coarse, fine = np.exp(turning * (block * np.arange(block)[:, None])), np.exp(turning * np.arange(block)[:, None])
    turned = (coarse[:, None] * fine).reshape(-1, SINES)[:count]
    return (turned @ np.exp(1j * phases)).imag * (RMS * math.sqrt(2.0 / SINES))


def frequencies(middle: float) -> Float64[np.ndarray, "sines"]:
    """Return the frequencies of the sines, in Hz, for a middle one."""
    return middle * BAND ** ((2.0 * np.arange(SINES) + 1.0) / SINES - 1.0)


def _phase(seed: int, axis: str, index: int) -> float:
    """Return a phase in radians that no library's version can change."""
    digest = hashlib.sha256(f"{seed}/{axis}/{index}".encode()).digest()
    return 2.0 * math.pi * int.from_bytes(digest[:8], "big") / 2.0**64
