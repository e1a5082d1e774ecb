"""The sound beside a video's frames, read by time: 48,000 samples a second, stereo, silence where there is none."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ex4d.errors import MediaError
from ex4d.media.containers import opened
from ex4d.media.probe import MediaInfo
from ex4d.media.sound_frames import SOUND_RATE, Samples, sound_frame
from ex4d.media.stereo import check_bounds, in_stereo

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

PRE_ROLL = SOUND_RATE // 2
"""Samples before those asked for at which decoding begins: decoders need a few packets to settle."""
LONGEST_SLIP = SOUND_RATE // 50
"""Samples by which stamps may stray from the count of samples, as those of a container that rounds them to 1 ms do;
beyond it there is a gap in the sound."""
_SILENCE = np.zeros((SOUND_RATE // 10, 2), np.float32)


@dataclass(frozen=True)
class Sound:
    """The first sound track of a video file."""

    path: Path
    stream: int
    """Which of the file's sound tracks."""
    begin: Fraction
    """When the first frame is on screen, in seconds of the file's own clock."""

    def read(self, start: int, count: int) -> Iterator[Samples]:
        """Yield ``count`` samples in blocks, a few at a time in memory.

        Args:
            start: of the first one, samples from when the first frame is on screen; where there is no sound, before
                the track begins or after it ends, there is silence.
            count: how many.

        Raises:
            MediaError: the sound cannot be decoded.
        """
        at, stop = start, start + count
        with closing(self._decoded(start)) as decoded:
            for first, block in decoded:
                yield from _silence(min(first, stop) - at)
                at = max(at, min(first, stop))
                piece = block[at - first : stop - first] if first <= at else block[:0]
                if len(piece):
                    yield piece
                    at += len(piece)
                if at == stop:
                    return
        yield from _silence(stop - at)

    def _decoded(self, start: int) -> Generator[tuple[int, Samples], None, None]:
        """Yield blocks with their place, from at or before ``start`` if the track reaches that far back."""
        with opened(self.path) as (container, _):
            sought = max(0, start) > 2 * PRE_ROLL
            if sought:
                seconds = self.begin + Fraction(start - PRE_ROLL, SOUND_RATE)
                container.seek(int(seconds * 1_000_000))
            blocks = self._blocks(container)
            first = next(blocks, None)
            if first is not None and (not sought or first[0] <= start):
                yield first
                yield from blocks
                return
        if sought:  # a container without an index guesses where to go, and guessed wrong
            with opened(self.path) as (container, _):
                yield from self._blocks(container)

    def _blocks(self, container: InputContainer) -> Iterator[tuple[int, Samples]]:
        """Decode on from where the container is."""
        at, run = 0, None
        for frame in self._frames(container):
            place = self._place_of(frame)
            if run is None or run.rate != frame.sample_rate or (place is not None and run.strays(place)):
                if run is not None:
                    yield from run.rest()
                at = place if place is not None else at
                run = _Run(frame.sample_rate, at)
            yield from run.heard(in_stereo(frame))
            at = run.at
        if run is not None:
            yield from run.rest()

    def _frames(self, container: InputContainer) -> Iterator[AudioFrame]:
        import av

        try:
            for frame in container.decode(container.streams.audio[self.stream]):
                check_bounds(frame, self.path)
                yield frame
        except (av.error.FFmpegError, ValueError) as cause:
            raise MediaError(f"{self.path}: its sound is damaged ({cause}); write it anew, or audio: none") from cause

    def _place_of(self, frame: AudioFrame) -> int | None:
        """Return a frame's stamp in samples from when the picture begins; None where it has none."""
        if frame.pts is None or frame.time_base is None:
            return None
        return _rounded((frame.pts * Fraction(frame.time_base) - self.begin) * SOUND_RATE)


class _Run:
    """Sound without a gap: counted, not stamped, so that it neither clicks nor drifts."""

    def __init__(self, rate: int, at: int) -> None:
        from av.audio.resampler import AudioResampler

        self.rate, self.at = rate, at
        self._start, self._taken = at, 0
        self._resampler = AudioResampler("fltp", "stereo", SOUND_RATE) if rate != SOUND_RATE else None

    def strays(self, place: int) -> bool:
        """Tell whether a frame that should be at ``place`` would come too early or too late."""
        expected = self._start + _rounded(Fraction(self._taken * SOUND_RATE, self.rate))
        return abs(place - expected) > LONGEST_SLIP

    def heard(self, samples: Samples) -> Iterator[tuple[int, Samples]]:
        """Take samples at the run's own rate, and yield what they are at 48,000 a second."""
        self._taken += len(samples)
        if self._resampler is None:
            yield self.at, samples
            self.at += len(samples)
            return
        yield from self._out(self._resampler.resample(sound_frame(samples, self.rate, None)))

    def rest(self) -> Iterator[tuple[int, Samples]]:
        """Yield what the resampler still holds."""
        if self._resampler is not None and self._taken:
            yield from self._out(self._resampler.resample(None))

    def _out(self, frames: list[AudioFrame]) -> Iterator[tuple[int, Samples]]:
        for frame in frames:
            yield self.at, np.ascontiguousarray(frame.to_ndarray().T)
            self.at += frame.samples


def find_sound(clip: MediaInfo) -> Sound | str:
    """Return the sound of a video, or in words what of it leaves it silent, as ``has no sound``.

    Raises:
        MediaError: it has sound that cannot be decoded.
    """
    if clip.images:
        return "holds images, which have no sound"
    with opened(clip.path) as (container, video):
        tracks = container.streams.audio
        if not tracks:
            return "has no sound"
        step = video.time_base or Fraction(1, 1000)
        if clip.timestamps:
            filmed = (clip.timestamps[-1] - clip.timestamps[0]) * step
            if abs(filmed - clip.frame_times[-1]) > 1 / clip.frame_rate:
                return "plays at another rate than it was filmed at, by its fps, so that its sound would not fit"
        if getattr(tracks[0], "codec_context", None) is None:
            raise MediaError(f"{clip.path}: its sound is in a code that is not read; write it anew, or audio: none")
        first = clip.timestamps[0] if clip.timestamps else video.start_time or 0
        return Sound(clip.path, 0, first * step)


def _silence(count: int) -> Iterator[Samples]:
    for done in range(0, count, len(_SILENCE)):
        yield _SILENCE[: count - done]


def _rounded(value: Fraction) -> int:
    return int((value + Fraction(1, 2)) // 1)
