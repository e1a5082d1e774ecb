"""The source's sound under the edit: placed to the sample, and crossed over and faded with the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ex4d.array_types import Float32, Float64
from ex4d.edit.sequence import Segment, edit_length, starts_of
from ex4d.media.sound import Sound
from ex4d.media.sound_frames import SOUND_RATE, Samples

SOFTENING = SOUND_RATE * 5 // 1000
"""Samples over which sound that begins or ends within the film swells and dies away, so that it does not click."""


@dataclass(frozen=True)
class Heard:
    """A stretch of a shot under which its source sounds."""

    sound: Sound
    start: Fraction
    """Seconds of the shot."""
    source: Fraction
    """Seconds of the source that are heard then."""
    duration: Fraction
    """Seconds."""

    def listen(self) -> None:
        """Decode it once.

        Raises:
            MediaError: it cannot be decoded.
        """
        for _ in self.sound.read(sample_at(self.source), sample_at(self.duration)):
            pass


@dataclass(frozen=True)
class Ramp:
    """Samples of the film over which sound swells or dies away evenly; before and after it stays as it is there."""

    start: int
    stop: int
    swells: bool

    def gain(self, samples: Float64[np.ndarray, "samples"]) -> Float64[np.ndarray, "samples"]:
        """Return the factor at the middle of each sample; of two opposite ramps they add up to 1."""
        share = np.clip((samples + 0.5 - self.start) / (self.stop - self.start), 0.0, 1.0)
        return share if self.swells else 1.0 - share


@dataclass(frozen=True)
class Piece:
    """A stretch of sound with its place in the film, in samples."""

    sound: Sound
    source: int
    """Sample of the sound that is heard first."""
    start: int
    """Sample of the film at which it is."""
    count: int
    ramps: tuple[Ramp, ...] = ()

    @property
    def stop(self) -> int:
        """Sample of the film after its last."""
        return self.start + self.count

    @property
    def swells_at_once(self) -> bool:
        """Whether a ramp lifts it from nothing where it begins."""
        return any(ramp.swells and ramp.start == self.start for ramp in self.ramps)

    @property
    def dies_at_last(self) -> bool:
        """Whether a ramp lowers it to nothing where it ends."""
        return any(not ramp.swells and ramp.stop == self.stop for ramp in self.ramps)

    def goes_on_in(self, other: Piece) -> bool:
        """Tell whether the other follows as if nothing had been cut, but for the rounding to samples."""
        follows = other.start == self.stop and abs(other.source - (self.source + self.count)) <= 1
        return follows and other.sound == self.sound and not self.dies_at_last and not other.swells_at_once


def sample_at(seconds: Fraction) -> int:
    """Return the sample nearest to a moment."""
    return int((seconds * SOUND_RATE + Fraction(1, 2)) // 1)


def place(segments: Sequence[Segment], heard: Sequence[Sequence[Heard]], rate: Fraction) -> tuple[Piece, ...]:
    """Place what is heard under each shot in the film; return the pieces as they begin.

    Sound crosses over with a dissolve or a wipe and fades with a fade, evenly, over the same frames. Where it begins or
    ends otherwise, inside the film and not where it merely goes on in the next shot, it swells or dies away in 5 ms.

    Args:
        segments: the shots in order.
        heard: under each shot, in order.
        rate: of the film, frames a second.
    """
    pieces: list[Piece] = []
    for segment, first, stretches in zip(segments, starts_of(segments), heard, strict=True):
        ramps = _ramps(segment, first, rate)
        for stretch in stretches:
            piece = replace(_placed(segment, first, stretch, rate), ramps=ramps)
            if pieces and pieces[-1].goes_on_in(piece):
                piece = _joined(pieces.pop(), piece)
            pieces.append(piece)
    last = sample_at(edit_length(segments) / rate)
    softened = (_softened(piece, last) for piece in pieces if piece.count)
    return tuple(sorted(softened, key=lambda piece: piece.start))


def _placed(segment: Segment, first: int, stretch: Heard, rate: Fraction) -> Piece:
    """Place a stretch; one that ends within the shot's last frame, which outlasts it, is heard to the frame's end."""
    start, end = stretch.start, stretch.start + stretch.duration
    if end > (segment.frame_count - 1) / rate:
        end = segment.frame_count / rate
    opening = first / rate
    begin, stop = sample_at(opening + start), sample_at(opening + end)
    return Piece(stretch.sound, sample_at(stretch.source), begin, stop - begin)


def _ramps(segment: Segment, first: int, rate: Fraction) -> tuple[Ramp, ...]:
    """Return the ramps of a shot's transitions, whose first frame is the film's ``first``."""
    head, tail, final = segment.head.frames, segment.tail.frames, first + segment.frame_count
    into = (Ramp(sample_at(first / rate), sample_at((first + head) / rate), swells=True),)
    out = (Ramp(sample_at((final - tail) / rate), sample_at(final / rate), swells=False),)
    return (into if head else ()) + (out if tail else ())


def _joined(piece: Piece, following: Piece) -> Piece:
    """Return both as one, read in one go."""
    ramps = tuple(dict.fromkeys((*piece.ramps, *following.ramps)))
    return replace(piece, count=piece.count + following.count, ramps=ramps)


def _softened(piece: Piece, last: int) -> Piece:
    """Add the short ramps where sound begins and ends abruptly, but not at the film's own beginning and end."""
    length, soft = min(SOFTENING, piece.count // 2), []
    if length and piece.start > 0 and not piece.swells_at_once:
        soft.append(Ramp(piece.start, piece.start + length, swells=True))
    if length and piece.stop < last and not piece.dies_at_last:
        soft.append(Ramp(piece.stop - length, piece.stop, swells=False))
    return replace(piece, ramps=(*piece.ramps, *soft))


def sound_of_frames(pieces: Sequence[Piece], frame_count: int, rate: Fraction) -> Iterator[Samples]:
    """Yield the film's sound, under one frame after the other; only what sounds then is open.

    Args:
        pieces: as :func:`place` returns them.
        frame_count: of the film.
        rate: of the film, frames a second.

    Raises:
        MediaError: a source's sound cannot be decoded.
    """
    waiting, playing = list(pieces), list[_Playing]()
    bounds = (sample_at(frame / rate) for frame in range(frame_count + 1))
    for start, stop in pairwise(bounds):
        mix = np.zeros((stop - start, 2), np.float32)
        while waiting and waiting[0].start < stop:
            playing.append(_Playing(waiting.pop(0)))
        for each in playing:
            each.add_to(mix, start)
        playing = [each for each in playing if each.piece.stop > stop]
        yield np.clip(mix, -1.0, 1.0)


class _Playing:
    """A piece that is being read."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self._blocks = piece.sound.read(piece.source, piece.count)
        self._left: Float32[np.ndarray, "samples 2"] = np.zeros((0, 2), np.float32)

    def add_to(self, mix: Samples, start: int) -> None:
        """Add what is heard of it to the samples of the film that begin at ``start``."""
        begin, stop = max(start, self.piece.start), min(start + len(mix), self.piece.stop)
        gain = np.ones(stop - begin)
        for ramp in self.piece.ramps:
            gain *= ramp.gain(np.arange(begin, stop, dtype=np.float64))
        mix[begin - start : stop - start] += self._take(stop - begin) * gain[:, None].astype(np.float32)

    def _take(self, count: int) -> Samples:
        while len(self._left) < count:
            self._left = np.concatenate([self._left, next(self._blocks)])
        taken, self._left = self._left[:count], self._left[count:]
        return taken
