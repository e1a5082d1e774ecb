"""The shake of a camera held by hand: a fixed sum of sines, a function of seconds alone."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from jaxtyping import Float64

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


def shake(seconds: Float64[np.ndarray, "frames"], frequency: float, seed: int) -> Float64[np.ndarray, "frames 6"]:
    """Return the six axes of ``AXES`` at amount 1, without any fade.

    The sines of an axis are evenly spaced in the logarithm of frequency and equally strong, as a hand's slow sway is
    stronger than its tremor; their squares add up to ``RMS`` exactly.
    """
    angles = 2.0 * math.pi * seconds[:, None] * frequencies(frequency)
    phases = np.array([[_phase(seed, axis, index) for axis in AXES] for index in range(SINES)])
    waves = np.sin(angles) @ np.cos(phases) + np.cos(angles) @ np.sin(phases)
    return waves * (RMS * math.sqrt(2.0 / SINES))


def frequencies(middle: float) -> Float64[np.ndarray, "sines"]:
    """Return the frequencies of the sines, in Hz, for a middle one."""
    return middle * BAND ** ((2.0 * np.arange(SINES) + 1.0) / SINES - 1.0)


def _phase(seed: int, axis: str, index: int) -> float:
    """Return a phase in radians that no library's version can change."""
    digest = hashlib.sha256(f"{seed}/{axis}/{index}".encode()).digest()
    return 2.0 * math.pi * int.from_bytes(digest[:8], "big") / 2.0**64
