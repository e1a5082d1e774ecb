"""Decoded sound of any kind as stereo floats, of bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ex4d.array_types import Float32
from ex4d.errors import MediaError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

LEAST_RATE, GREATEST_RATE = 4_000, 768_000
"""Samples a second that are read; a lower rate would let a few bytes become hours."""
MOST_CHANNELS = 64
MOST_AT_ONCE = 1 << 20
"""Samples of one decoded frame; codecs give a few thousand."""
_ASIDE = float(np.sqrt(0.5))
"""Share of the centre and the surround channels in each side: -3 dB, as ITU-R BS.775 has it."""


def check_bounds(frame: AudioFrame, path: Path) -> None:
    """Refuse sound that no camera records, before it is converted.

    Raises:
        MediaError: its rate, its channels or the length of a frame are out of bounds.
    """
    channels = len(frame.layout.channels)
    sane = LEAST_RATE <= frame.sample_rate <= GREATEST_RATE and 1 <= channels <= MOST_CHANNELS
    if not sane or frame.samples > MOST_AT_ONCE:
        raise MediaError(
            f"{path}: its sound has {frame.sample_rate} samples a second and {channels} channels, {frame.samples} at "
            f"once; {LEAST_RATE} to {GREATEST_RATE} and at most {MOST_CHANNELS} are read: write it anew"
        )


def in_stereo(frame: AudioFrame) -> Float32[np.ndarray, "samples 2"]:
    """Return a decoded frame as left and right, -1..1.

    Mono is heard on both sides, as loud as it is. Of more channels the centre and the surround ones go in at -3 dB,
    and all is lowered so that nothing is clipped.
    """
    channels = len(frame.layout.channels)
    stored = frame.to_ndarray()
    sound = _as_floats(stored if frame.format.is_planar else stored.reshape(-1, channels).T)
    if channels == 1:
        return np.ascontiguousarray(np.repeat(sound.T, 2, axis=1))
    if channels == 2:
        return np.ascontiguousarray(sound.T)
    return np.ascontiguousarray((_shares(tuple(channel.name for channel in frame.layout.channels)) @ sound).T)


def _as_floats(stored: np.ndarray) -> Float32[np.ndarray, "channels samples"]:
    if stored.dtype == np.uint8:
        return (stored.astype(np.float32) - 128) / 128
    if stored.dtype.kind == "i":
        return (stored / float(1 << (8 * stored.dtype.itemsize - 1))).astype(np.float32)
    return np.nan_to_num(stored.astype(np.float32), nan=0.0, posinf=1.0, neginf=-1.0)


def _shares(names: tuple[str, ...]) -> Float32[np.ndarray, "sides channels"]:
    """Return how much of each channel is heard left and right, by the channels' names (FL, FR, FC, LFE, BL, ...)."""
    shares = np.zeros((2, len(names)), np.float32)
    for index, name in enumerate(names):
        if name.startswith("LFE"):
            continue
        sides = [0] if name.endswith("L") else [1] if name.endswith("R") else [0, 1]
        shares[sides, index] = 1.0 if name in ("FL", "FR") else _ASIDE
    return shares / max(1.0, float(shares.sum(axis=1).max()))
