"""Sound as ex4d works with it, and as resamplers and encoders take it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ex4d.array_types import Float32

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

Samples = Float32[np.ndarray, "samples 2"]
"""Left and right, -1..1."""
SOUND_RATE = 48_000
"""Samples a second."""
SOUND_BITS = 192_000
"""Bits a second of AAC in stereo, at which it is hardly told from its source."""
_BITEXACT = 1 << 23


def sound_frame(samples: Samples, rate: int, stamp: int | None) -> AudioFrame:
    """Return samples as a frame for a resampler or an encoder; ``stamp`` counts samples."""
    from av.audio.frame import AudioFrame

    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = rate, stamp, Fraction(1, rate)
    return frame


def add_sound(output: OutputContainer) -> AudioStream:
    """Add stereo sound to a film: AAC, whose encoder begins with samples of its own that the file's edit list cuts."""
    stream = output.add_stream("aac", rate=SOUND_RATE, layout="stereo")
    stream.codec_context.bit_rate = SOUND_BITS
    stream.codec_context.flags |= _BITEXACT
    stream.codec_context.thread_count = 1
    return stream
